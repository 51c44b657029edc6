/*-------------------------------------------------------------------------
 *
 * values.h
 *		Values of options. A wrong one ends the program.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VALUES_H
#define VALUES_H

#include "options.h"

/* Reads a whole number that is not negative. */
extern int64_t ReadWholeNumber(const char *option, const char *text);

/* Reads a size: bytes, or a number with a unit, of powers of 1024. */
extern int64_t ReadSize(const char *option, const char *text);

/* Reads --max-vanished: a number, or a percentage. */
extern void ReadMaxVanished(Options *options, const char *text);

#endif							/* VALUES_H */
