/*-------------------------------------------------------------------------
 *
 * encoding.h
 *		What the database's encoding can hold. The program itself speaks UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ENCODING_H
#define ENCODING_H

#include <stdbool.h>
#include <stddef.h>

/* Sets the encoding, by PostgreSQL's name for it. */
extern void SetServerEncoding(const char *name);

/* Returns whether these bytes are UTF-8 that the database can hold. */
extern bool CanHold(const char *text, size_t length);

/*
 * Returns a copy that the database can hold: other characters, and bytes that are not UTF-8, become
 * U+FFFD or "?".  *nreplaced, unless NULL, counts the characters that UTF-8 has and the database
 * has not.
 */
extern char *MakeHoldable(const char *text, size_t length, size_t *nreplaced);

/* The same, of a string, cut to "width" characters. */
extern char *MakeShort(const char *text, size_t width);

/* Returns whether the server takes a text for blank: it has only spaces and the like. */
extern bool IsBlank(const char *text);

#endif							/* ENCODING_H */
