/*
 * utf8.h
 *		Texts in UTF-8 as PostgreSQL takes them.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern size_t ValidUtf8Length(const char *text, size_t length);
extern bool IsUtf8(const char *text, size_t length);
extern size_t CleanUtf8(char *text, size_t length, size_t *removed);
extern size_t CutUtf8(const char *text, size_t length, size_t limit);
extern size_t TrimSpaces(char *text, size_t length);
extern size_t CountWords(const char *text, size_t length);
extern size_t EncodeUtf8(uint32_t character, char *bytes);

#endif							/* UTF8_H */
