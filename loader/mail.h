/*
 * mail.h
 *		Headers and encodings of e-mail.
 */
#ifndef MAIL_H
#define MAIL_H

#include "job.h"

/* A part of a message, or the message: its header lines and its body. */
typedef struct MailPart
{
	const char *header;
	size_t		header_length;
	const char *body;
	size_t		body_length;
} MailPart;

/* mail_header.c */
extern void SplitPart(MailPart *part, const char *data, size_t length);
extern char *GetHeader(Job *job, const MailPart *part, const char *name);
extern char *GetParameter(Job *job, const char *value, const char *name);
extern char *DecodeWords(Job *job, const char *value);
extern char *FormatMailDate(Job *job, const char *value);

/* mail_encoding.c */
extern void DecodeBody(Job *job, Buffer *to, const char *encoding, const char *data, size_t length);
extern void DecodeBase64(Job *job, Buffer *to, const char *data, size_t length);
extern void DecodeQuoted(Job *job, Buffer *to, const char *data, size_t length, bool in_header);
extern void DecodePercents(Job *job, Buffer *to, const char *data, size_t length);

#endif							/* MAIL_H */
