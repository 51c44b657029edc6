/*
 * signature.h
 *		Media types by the bytes of files.
 */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

/* How sure bytes are of a type. */
typedef enum Certainty
{
	CERTAINTY_NONE,				/* nothing known */
	CERTAINTY_TEXT,				/* looks like text */
	CERTAINTY_MARKUP,			/* starts as HTML, XML or a message do: text, too */
	CERTAINTY_SIGNATURE			/* has a signature */
} Certainty;

/* What the first bytes of a file say. */
typedef struct Bytes
{
	Certainty	certainty;
	const char *type;			/* NULL if nothing is known */
} Bytes;

extern Bytes DetectBytes(const unsigned char *data, size_t length);
extern bool HasSignature(const char *type);

/* How to read more of a file than its first bytes. */
typedef struct Source
{
	int			fd;				/* or -1 */
	const unsigned char *data;	/* if there is no fd */
	size_t		size;
} Source;

extern size_t ReadSource(const Source *source, unsigned char *memory, size_t length, size_t offset);
extern const char *DetectZip(const Source *source);
extern bool IsEncryptedOffice(const Source *source);

#endif							/* SIGNATURE_H */
