/*
 * encoding.h
 *		Character encodings: which one a text has, and its conversion to UTF-8.
 */
#ifndef ENCODING_H
#define ENCODING_H

#include "job.h"

extern const char *FindBom(const char *data, size_t length, size_t *width);
extern const char *DetectEncoding(const char *data, size_t length);
extern bool ConvertText(Job *job, Buffer *to, const char *encoding, const char *data,
						size_t length);
extern const char *AppendDecoded(Job *job, Buffer *to, const char *declared, const char *data,
								 size_t length);
extern bool LooksLikeText(const unsigned char *data, size_t length);

#endif							/* ENCODING_H */
