/*
 * utf8.c
 *		Texts in UTF-8 as PostgreSQL takes them: no NUL, no surrogates, no
 *		overlong forms, nothing above U+10FFFF.
 */
#include <endian.h>
#include <string.h>

#include "utf8.h"

/* Returns the length of the character at the start of a text, or 0 if it is not valid. */
static size_t
CharacterLength(const unsigned char *text, size_t length)
{
	unsigned char first = text[0];
	unsigned char lowest = 0x80;
	unsigned char highest = 0xBF;
	size_t		width;

	if (first < 0x80)
		return first != '\0';
	if (first < 0xC2 || first > 0xF4)
		return 0;
	width = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	if (length < width)
		return 0;
	/* The second byte rules out overlong forms, surrogates, and what is too large. */
	if (first == 0xE0)
		lowest = 0xA0;
	else if (first == 0xED)
		highest = 0x9F;
	else if (first == 0xF0)
		lowest = 0x90;
	else if (first == 0xF4)
		highest = 0x8F;
	if (text[1] < lowest || text[1] > highest)
		return 0;
	for (size_t i = 2; i < width; i++)
		if ((text[i] & 0xC0) != 0x80)
			return 0;
	return width;
}

/* Returns how many bytes at the start of a text are valid; NUL is not. */
size_t
ValidUtf8Length(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *) text;
	size_t		at = 0;

	while (at < length)
	{
		uint64_t	eight;
		size_t		width;

		/* Eight ASCII characters at a time: no bit 7 is set, and no byte is zero. */
		if (length - at >= 8)
		{
			memcpy(&eight, bytes + at, 8);
			if (((eight | (eight - UINT64_C(0x0101010101010101))) &
				 UINT64_C(0x8080808080808080)) == 0)
			{
				at += 8;
				continue;
			}
		}
		width = CharacterLength(bytes + at, length - at);
		if (width == 0)
			break;
		at += width;
	}
	return at;
}

/* Returns whether a text is valid as a whole. */
bool
IsUtf8(const char *text, size_t length)
{
	return ValidUtf8Length(text, length) == length;
}

/* Removes all that is not valid, adds their number to *removed, and returns the new length. */
size_t
CleanUtf8(char *text, size_t length, size_t *removed)
{
	size_t		from = 0;
	size_t		to = 0;

	while (from < length)
	{
		size_t		valid = ValidUtf8Length(text + from, length - from);

		if (to != from)
			memmove(text + to, text + from, valid);
		to += valid;
		from += valid;
		if (from < length)
		{
			from++;
			(*removed)++;
			/* The rest of a broken character belongs to it. */
			while (from < length && (text[from] & 0xC0) == 0x80)
				from++;
		}
	}
	return to;
}

/* Returns the length of a text cut to at most so many bytes, not within a character. */
size_t
CutUtf8(const char *text, size_t length, size_t limit)
{
	if (length <= limit)
		return length;
	while (limit > 0 && (text[limit] & 0xC0) == 0x80)
		limit--;
	return limit;
}

/* Returns whether a byte is an ASCII space or control character. */
static bool
IsSpace(char byte)
{
	return (byte >= 0 && byte <= ' ') || byte == 0x7F;
}

/* Removes spaces at both ends, and returns the new length. */
size_t
TrimSpaces(char *text, size_t length)
{
	size_t		start = 0;

	while (length > 0 && IsSpace(text[length - 1]))
		length--;
	while (start < length && IsSpace(text[start]))
		start++;
	if (start > 0)
		memmove(text, text + start, length - start);
	return length - start;
}

#define BIT_7 UINT64_C(0x8080808080808080)

/* Returns bit 7 of each of eight bytes, the first one lowest, set if IsSpace() is not true of it. */
static uint64_t
WordBytes(const char *text)
{
	uint64_t	eight;
	uint64_t	low;

	memcpy(&eight, text, 8);
	eight = le64toh(eight);
	low = eight & ~BIT_7;
	/* Carries into bit 7: above a space, and DEL. */
	return ((low + UINT64_C(0x5F5F5F5F5F5F5F5F)) & ~(low + UINT64_C(0x0101010101010101)) & BIT_7) |
		(eight & BIT_7);
}

/* Returns the number of words, that is, of what stands between spaces. */
size_t
CountWords(const char *text, size_t length)
{
	size_t		words = 0;
	bool		in_word = false;
	size_t		i = 0;

	for (; length - i >= 8; i += 8)
	{
		uint64_t	bytes = WordBytes(text + i);

		words += (size_t) __builtin_popcountll(bytes & ~(bytes << 8 | (in_word ? 0x80 : 0)));
		in_word = bytes >> 63;
	}
	for (; i < length; i++)
	{
		bool		space = IsSpace(text[i]);

		words += !space && !in_word;
		in_word = !space;
	}
	return words;
}

/* Writes a character to at most four bytes, and returns their number. */
size_t
EncodeUtf8(uint32_t character, char *bytes)
{
	if (character < 0x80)
	{
		bytes[0] = (char) character;
		return 1;
	}
	if (character < 0x800)
	{
		bytes[0] = (char) (0xC0 | character >> 6);
		bytes[1] = (char) (0x80 | (character & 0x3F));
		return 2;
	}
	if (character < 0x10000)
	{
		bytes[0] = (char) (0xE0 | character >> 12);
		bytes[1] = (char) (0x80 | (character >> 6 & 0x3F));
		bytes[2] = (char) (0x80 | (character & 0x3F));
		return 3;
	}
	bytes[0] = (char) (0xF0 | character >> 18);
	bytes[1] = (char) (0x80 | (character >> 12 & 0x3F));
	bytes[2] = (char) (0x80 | (character >> 6 & 0x3F));
	bytes[3] = (char) (0x80 | (character & 0x3F));
	return 4;
}
