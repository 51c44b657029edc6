/*
 * family.c
 *		Which family of extractors a media type belongs to.
 */
#include <string.h>
#include <strings.h>

#include "extractors.h"

/* Types of the families.  A star at the end stands for the rest. */
static const struct
{
	const char *type;
	Family		family;
}			types[] = {
	{"text/plain", FAMILY_TEXT},
	{"text/html", FAMILY_HTML},
	{"application/xhtml+xml", FAMILY_HTML},
	{"text/rtf", FAMILY_NONE},	/* not to be read as it is */
	{"application/rtf", FAMILY_NONE},
	{"application/postscript", FAMILY_NONE},
	{"image/x-eps", FAMILY_NONE},
	{"application/pdf", FAMILY_PDF},
	{"message/rfc822", FAMILY_MAIL},
	{"application/gzip", FAMILY_GZIP},
	{"application/x-gzip", FAMILY_GZIP},
	{"application/x-compressed-tar", FAMILY_NONE},
	{"application/epub+zip", FAMILY_BOOK},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml.*", FAMILY_WORD},
	{"application/vnd.ms-word.document.macroenabled.12", FAMILY_WORD},
	{"application/vnd.ms-word.template.macroenabled.12", FAMILY_WORD},
	{"application/vnd.openxmlformats-officedocument.spreadsheetml.*", FAMILY_SHEET},
	{"application/vnd.ms-excel.sheet.macroenabled.12", FAMILY_SHEET},
	{"application/vnd.ms-excel.template.macroenabled.12", FAMILY_SHEET},
	{"application/vnd.openxmlformats-officedocument.presentationml.*", FAMILY_SLIDES},
	{"application/vnd.ms-powerpoint.presentation.macroenabled.12", FAMILY_SLIDES},
	{"application/vnd.ms-powerpoint.slideshow.macroenabled.12", FAMILY_SLIDES},
	{"application/vnd.ms-powerpoint.template.macroenabled.12", FAMILY_SLIDES},
	{"application/vnd.oasis.opendocument.text", FAMILY_OPEN},
	{"application/vnd.oasis.opendocument.text-template", FAMILY_OPEN},
	{"application/vnd.oasis.opendocument.text-master", FAMILY_OPEN},
	{"application/vnd.oasis.opendocument.spreadsheet", FAMILY_OPEN},
	{"application/vnd.oasis.opendocument.spreadsheet-template", FAMILY_OPEN},
	{"application/vnd.oasis.opendocument.presentation", FAMILY_OPEN},
	{"application/vnd.oasis.opendocument.presentation-template", FAMILY_OPEN},
	{"application/vnd.oasis.opendocument.graphics", FAMILY_OPEN},
	{"application/json", FAMILY_TEXT},
	{"application/xml", FAMILY_TEXT},
	{"application/javascript", FAMILY_TEXT},
	{"text/*", FAMILY_TEXT},
};

static bool
IsOfType(const char *type, const char *pattern)
{
	size_t		length = strlen(pattern);

	if (pattern[length - 1] == '*')
		return strncasecmp(type, pattern, length - 1) == 0;
	return strcasecmp(type, pattern) == 0;
}

/*
 * Returns the family that a type is of, FAMILY_NONE if it is in the table without one, and
 * FAMILY_UNKNOWN if it is not.
 */
Family
FamilyOf(const char *type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (IsOfType(type, types[i].type))
			return types[i].family;
	return FAMILY_UNKNOWN;
}

/* Returns the extractor of a family; for one without, that of texts. */
Extractor
ExtractorOf(Family family)
{
	switch (family)
	{
		case FAMILY_HTML:
			return ExtractHtml;
		case FAMILY_WORD:
			return ExtractWord;
		case FAMILY_SHEET:
			return ExtractSheet;
		case FAMILY_SLIDES:
			return ExtractSlides;
		case FAMILY_OPEN:
			return ExtractOpen;
		case FAMILY_BOOK:
			return ExtractBook;
		case FAMILY_MAIL:
			return ExtractMail;
		case FAMILY_PDF:
			return ExtractPdf;
		case FAMILY_GZIP:
			return ExtractGzip;
		case FAMILY_COMMAND:
			return ExtractByCommand;
		default:
			return ExtractText;
	}
}
