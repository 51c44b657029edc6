/*
 * plain_text.h
 *		Takes a plain text in UTF-8, without a child process.
 */
#ifndef PLAIN_TEXT_H
#define PLAIN_TEXT_H

#include "extract.h"

/*
 * Extracts a file of so many bytes, which is said to be a text, if it is not large and is valid
 * UTF-8 as it is.  Returns false, and leaves *result alone, if it is not, or cannot be read.  A text
 * of more than max_text bytes is too large.
 */
extern bool TakePlainText(int fd, size_t size, size_t max_text, Extraction *result);

#endif							/* PLAIN_TEXT_H */
