/*
 * encoding.h
 *		Texts that may have bytes which the database's encoding does not have.
 */
#ifndef DOC_EXTRACTOR_ENCODING_H
#define DOC_EXTRACTOR_ENCODING_H

extern bool IsEncoded(const char *bytes, int length);
extern void CheckEncoded(const char *argument, const char *bytes, int length);
extern char *EscapeInvalid(const char *bytes, int length);

/* A message for a text that is not encoded, with the name of its argument. */
#define NOT_ENCODED_MESSAGE \
	"%s has bytes that are invalid in the database's encoding, %s"
#define NOT_ENCODED_HINT \
	"Convert it to the database's encoding first, for example with convert_from()."

#endif							/* DOC_EXTRACTOR_ENCODING_H */
