/*
 * text_encoding.h
 *		Character encodings: which one a text has, and its conversion to UTF-8.
 */
#ifndef TEXT_ENCODING_H
#define TEXT_ENCODING_H

#include "job.h"

#define MAX_XML_DECLARATION 1000

extern const char *FindBom(const char *data, size_t length, size_t *width);
extern const char *FindXmlEncoding(const char *data, size_t length, char *name, size_t size);
extern bool AsksForConverter(const char *declared);
extern const char *DetectEncoding(const char *data, size_t length);
extern bool ConvertText(Job *job, Buffer *to, const char *encoding, const char *data,
						size_t length);
extern const char *AppendDecoded(Job *job, Buffer *to, const char *declared, const char *data,
								 size_t length);
extern bool LooksLikeText(const unsigned char *data, size_t length);

#endif							/* TEXT_ENCODING_H */
