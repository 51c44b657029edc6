/*-------------------------------------------------------------------------
 *
 * encoding.c
 *		What the database's encoding can hold.
 *
 * In most databases that is all of UTF-8.  For others iconv decides, which knows
 * most of PostgreSQL's encodings by other names.  Of an encoding that iconv does not
 * know, only ASCII is taken.
 *
 *-------------------------------------------------------------------------
 */
#include "encoding.h"

#include <glib.h>
#include <string.h>

#include "utf8.h"

static bool holds_utf8 = true;
static const char *iconv_name;	/* NULL: only ASCII, unless holds_utf8 */

/* PostgreSQL's names, and iconv's where they differ. */
static const char *const names[][2] = {
	{"BIG5", "BIG5"}, {"EUC_CN", "EUC-CN"}, {"EUC_JP", "EUC-JP"},
	{"EUC_KR", "EUC-KR"}, {"EUC_TW", "EUC-TW"}, {"GB18030", "GB18030"},
	{"GBK", "GBK"}, {"ISO_8859_5", "ISO-8859-5"}, {"ISO_8859_6", "ISO-8859-6"},
	{"ISO_8859_7", "ISO-8859-7"}, {"ISO_8859_8", "ISO-8859-8"},
	{"KOI8R", "KOI8-R"}, {"KOI8U", "KOI8-U"}, {"LATIN1", "ISO-8859-1"},
	{"LATIN2", "ISO-8859-2"}, {"LATIN3", "ISO-8859-3"}, {"LATIN4", "ISO-8859-4"},
	{"LATIN5", "ISO-8859-9"}, {"LATIN6", "ISO-8859-10"}, {"LATIN7", "ISO-8859-13"},
	{"LATIN8", "ISO-8859-14"}, {"LATIN9", "ISO-8859-15"},
	{"LATIN10", "ISO-8859-16"}, {"WIN866", "CP866"}, {"WIN874", "CP874"},
	{"WIN1250", "CP1250"}, {"WIN1251", "CP1251"}, {"WIN1252", "CP1252"},
	{"WIN1253", "CP1253"}, {"WIN1254", "CP1254"}, {"WIN1255", "CP1255"},
	{"WIN1256", "CP1256"}, {"WIN1257", "CP1257"}, {"WIN1258", "CP1258"}
};

void
SetServerEncoding(const char *name)
{
	/* SQL_ASCII stores whatever bytes it gets. */
	holds_utf8 = name == NULL || strcmp(name, "UTF8") == 0 || strcmp(name, "SQL_ASCII") == 0;
	iconv_name = NULL;
	for (size_t i = 0; !holds_utf8 && i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i][0]) == 0)
			iconv_name = names[i][1];
}

static bool
IsAscii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char) text[i] >= 128)
			return false;
	return true;
}

bool
CanHold(const char *text, size_t length)
{
	char	   *converted;
	bool		can_hold;

	if (!IsUtf8(text, length))
		return false;
	if (holds_utf8 || IsAscii(text, length))
		return true;
	if (iconv_name == NULL)
		return false;
	converted = g_convert(text, length, iconv_name, "UTF-8", NULL, NULL, NULL);
	can_hold = converted != NULL;
	g_free(converted);
	return can_hold;
}

/* Replaces what the encoding lacks in valid UTF-8, in place: it only gets shorter. */
static void
ReplaceUnknown(char *text, size_t *nreplaced)
{
	char	   *to = text;

	for (const char *from = text; *from != '\0';)
	{
		size_t		length = g_utf8_next_char(from) - from;

		if (length == 1 || CanHold(from, length))
		{
			memmove(to, from, length);
			to += length;
		}
		else
		{
			*to++ = '?';
			(*nreplaced)++;
		}
		from += length;
	}
	*to = '\0';
}

char *
MakeHoldable(const char *text, size_t length, size_t *nreplaced)
{
	char	   *valid = g_utf8_make_valid(text, length);
	size_t		count = 0;

	if (!CanHold(valid, strlen(valid)))
		ReplaceUnknown(valid, &count);
	if (nreplaced != NULL)
		*nreplaced = count;
	return valid;
}

char *
MakeShort(const char *text, size_t width)
{
	char	   *holdable = MakeHoldable(text, strlen(text), NULL);

	if ((size_t) g_utf8_strlen(holdable, -1) > width)
		*g_utf8_offset_to_pointer(holdable, width) = '\0';
	return holdable;
}

bool
IsBlank(const char *text)
{
	return text[strspn(text, " \t\n\v\f\r")] == '\0';
}
