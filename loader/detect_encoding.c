/*
 * detect_encoding.c
 *		The likely encoding of a text that has no byte order mark and declares
 *		none.
 *
 * Valid UTF-8 is UTF-8.  Else the encodings that are still met in archives are tried on
 * the first bytes: multi-byte ones by whether their common characters prevail, those of
 * one byte by the letters and the words that they make.
 */
#include <ctype.h>
#include <iconv.h>
#include <string.h>

#include "text_encoding.h"
#include "utf8.h"

#define SAMPLE 65536

/* Returns UTF-16 of a byte order if that is what the zero bytes say, else NULL. */
static const char *
DetectUtf16(const unsigned char *data, size_t length)
{
	size_t		zeros[2] = {0, 0};
	size_t		odd = 0;

	if (length % 2 != 0)
		return NULL;
	for (size_t i = 0; i < length; i++)
	{
		unsigned char partner = data[i ^ 1];

		zeros[i % 2] += data[i] == '\0';
		odd += data[i] == '\0' && (partner < '\t' || partner >= 0x7F);
	}
	/* The other byte of such a character is mostly of ASCII. */
	if (odd * 5 > zeros[0] + zeros[1])
		return NULL;
	/* ASCII makes every second byte zero; other scripts leave spaces and line ends. */
	if (zeros[1] * 10 > length && zeros[0] * 20 < zeros[1])
		return "UTF-16LE";
	if (zeros[0] * 10 > length && zeros[1] * 20 < zeros[0])
		return "UTF-16BE";
	return NULL;
}

/* Encodings with characters of two bytes, and where the common ones lie. */
static const struct Pairs
{
	const char *encoding;
	unsigned char first[2];		/* possible first bytes */
	unsigned char common[2];	/* first bytes of common characters */
	unsigned char second;		/* the least second byte */
	unsigned	percent;		/* of the pairs have to be common */
	unsigned char single[2];	/* bytes above ASCII that stand alone */
}			pairs[] = {
	/* Hiragana and katakana set Japanese apart, Hangul Korean. */
	{"EUC-JP", {0xA1, 0xFE}, {0xA4, 0xA5}, 0xA1, 30, {0, 0}},
	{"SHIFT_JIS", {0x81, 0xFC}, {0x82, 0x83}, 0x40, 30, {0xA1, 0xDF}},
	{"EUC-KR", {0xA1, 0xFE}, {0xB0, 0xC8}, 0xA1, 85, {0, 0}},
	{"GB18030", {0x81, 0xFE}, {0xB0, 0xD7}, 0x40, 60, {0, 0}},
	{"BIG5", {0xA1, 0xF9}, {0xA4, 0xC6}, 0x40, 60, {0, 0}},
};

/* Returns whether a text consists of ASCII and of pairs of an encoding, mostly common ones. */
static bool
HasPairs(const struct Pairs *p, const unsigned char *data, size_t length)
{
	size_t		found = 0;
	size_t		common = 0;

	for (size_t i = 0; i < length; i++)
	{
		unsigned char byte = data[i];

		if (byte < 0x80 || (byte >= p->single[0] && byte <= p->single[1] && p->single[0] != 0))
			continue;
		if (i + 1 == length)
			break;				/* the sample may end within a character */
		i++;
		if (byte < p->first[0] || byte > p->first[1] || data[i] < p->second || data[i] == 0x7F)
			return false;
		/* The trail bytes of GB18030's common characters have bit 7 set. */
		if (strcmp(p->encoding, "GB18030") == 0 && data[i] < 0xA1)
			byte = 0;
		found++;
		common += byte >= p->common[0] && byte <= p->common[1];
	}
	return found > 0 && common * 100 >= found * p->percent;
}

/* Fills the characters that the bytes from 0x80 on have in an encoding; 0 for none. */
static bool
ReadCharset(const char *encoding, uint32_t characters[128])
{
	iconv_t		converter = iconv_open("UTF-32LE", encoding);

	if (converter == (iconv_t) -1)
		return false;
	for (int i = 0; i < 128; i++)
	{
		char		byte = (char) (0x80 + i);
		char	   *from = &byte;
		unsigned char to[4] = {0};
		char	   *end = (char *) to;
		size_t		length = 1;
		size_t		room = sizeof(to);

		iconv(converter, NULL, NULL, NULL, NULL);
		if (iconv(converter, &from, &length, &end, &room) == (size_t) -1)
			memset(to, 0, sizeof(to));
		characters[i] = to[0] | to[1] << 8 | to[2] << 16;
	}
	iconv_close(converter);
	return true;
}

/* Encodings of one byte for scripts other than Latin, and the script's most common letters. */
static const struct
{
	const char *encoding;
	uint32_t	lower[2];		/* small letters, or all where there is no case */
	uint32_t	upper[2];
	const char *common;			/* UTF-16BE would do; these are UTF-8 letters of two bytes */
}			scripts[] = {
	{"WINDOWS-1251", {0x430, 0x45F}, {0x400, 0x42F}, "оеаинтсрвлкмдпу"},
	{"KOI8-R", {0x430, 0x45F}, {0x400, 0x42F}, "оеаинтсрвлкмдпу"},
	{"IBM866", {0x430, 0x45F}, {0x400, 0x42F}, "оеаинтсрвлкмдпу"},
	{"ISO-8859-5", {0x430, 0x45F}, {0x400, 0x42F}, "оеаинтсрвлкмдпу"},
	{"WINDOWS-1253", {0x3AC, 0x3CE}, {0x386, 0x3AB}, "αοιετσνηυρπκμλς"},
	{"WINDOWS-1255", {0x5D0, 0x5EA}, {0, 0}, "יוהלאתרבמשנ"},
	{"WINDOWS-1256", {0x621, 0x64A}, {0, 0}, "اليمونترب"},
};

/* Returns how well a text reads in a script: common letters add, odd neighbours take away. */
static long
ScoreScript(int script, const uint32_t *characters, const unsigned char *data, size_t length)
{
	long		score = 0;
	bool		after_lower = false;

	for (size_t i = 0; i < length; i++)
	{
		uint32_t	c = data[i] < 0x80 ? data[i] : characters[data[i] - 0x80];
		bool		lower = c >= scripts[script].lower[0] && c <= scripts[script].lower[1];
		bool		upper = c >= scripts[script].upper[0] && c <= scripts[script].upper[1];
		char		letter[5] = {0};

		if (c >= 0x80)
		{
			EncodeUtf8(c, letter);
			if (lower)
				score += strstr(scripts[script].common, letter) != NULL ? 3 : 1;
			else if (upper)
				score -= after_lower ? 5 : 0;
			else
				score -= 2;
		}
		after_lower = lower;
	}
	return score;
}

/* Returns the best encoding for a text of mostly high bytes, or NULL if none reads well. */
static const char *
DetectScript(const unsigned char *data, size_t length, size_t high)
{
	const char *best = NULL;
	long		best_score = (long) high;	/* at least as good as letters that are rare */

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
	{
		uint32_t	characters[128];
		long		score;

		if (!ReadCharset(scripts[i].encoding, characters))
			continue;
		score = ScoreScript((int) i, characters, data, length);
		if (score > best_score)
		{
			best = scripts[i].encoding;
			best_score = score;
		}
	}
	return best;
}

/*
 * Returns whether signs of Western encodings stand between letters: there they are letters
 * of Central European ones.
 */
static bool
IsCentralEuropean(const unsigned char *data, size_t length, const char *signs)
{
	for (size_t i = 1; i + 1 < length; i++)
		if (data[i] >= 0x80 && strchr(signs, data[i]) != NULL &&
			(isalpha(data[i - 1]) || data[i - 1] >= 0xC0) &&
			(isalpha(data[i + 1]) || data[i + 1] >= 0xC0))
			return true;
	return false;
}

/* Returns the encoding of a text of one byte a character. */
static const char *
DetectSingleByte(const unsigned char *data, size_t length)
{
	size_t		high = 0;
	size_t		letters = 0;
	size_t		c1 = 0;
	const char *script;

	for (size_t i = 0; i < length; i++)
	{
		high += data[i] >= 0x80;
		c1 += data[i] >= 0x80 && data[i] < 0xA0;
		letters += isalpha(data[i]) != 0;
	}
	if (high > letters && (script = DetectScript(data, length, high)) != NULL)
		return script;
	/* a with ogonek, s and z with acute; l with stroke, a with ogonek, z with dot */
	if (c1 == 0 && IsCentralEuropean(data, length, "\xB1\xB6\xBC"))
		return "ISO-8859-2";
	if (IsCentralEuropean(data, length, "\xB3\xB9\xBF"))
		return "WINDOWS-1250";
	/* It has no characters for these. */
	for (size_t i = 0; i < length; i++)
		if (data[i] >= 0x80 && strchr("\x81\x8D\x8F\x90\x9D", data[i]) != NULL)
			return "ISO-8859-1";
	return "WINDOWS-1252";
}

/*
 * Returns whether a text is UTF-8 with some broken characters, or one that ends within a
 * character: no other encoding looks like UTF-8 by chance.
 */
static bool
IsMostlyUtf8(const char *text, size_t length)
{
	size_t		whole = 0;		/* characters of several bytes */
	size_t		broken = 0;
	size_t		at = 0;

	for (;;)
	{
		size_t		valid = ValidUtf8Length(text + at, length - at);

		for (size_t i = at; i < at + valid; i++)
			whole += (text[i] & 0xC0) == 0xC0;
		at += valid;
		if (at == length)
			break;
		at++;
		broken++;
		/* The sample may end within a character. */
		if (length - at < 3 && (text[at - 1] & 0xC0) == 0xC0 && (whole > 0 || length >= 4096))
			broken--;
		while (at < length && (text[at] & 0xC0) == 0x80)
			at++;
	}
	return whole >= broken * 4;
}

/* Returns the likely encoding of a text, or NULL if it is not text. */
const char *
DetectEncoding(const char *text, size_t length)
{
	const unsigned char *data = (const unsigned char *) text;
	const char *encoding;

	if (IsUtf8(text, length) && memchr(text, 0x1B, length) == NULL)
		return "UTF-8";
	if (length > SAMPLE)
		length = SAMPLE;
	encoding = DetectUtf16(data, length);
	if (encoding != NULL)
		return encoding;
	if (!LooksLikeText(data, length))
		return NULL;
	if (memmem(data, length, "\x1B$B", 3) != NULL || memmem(data, length, "\x1B$@", 3) != NULL)
		return "ISO-2022-JP";
	if (IsMostlyUtf8(text, length))
		return "UTF-8";
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (HasPairs(&pairs[i], data, length))
			return pairs[i].encoding;
	return DetectSingleByte(data, length);
}
