/*
 * signature.c
 *		Media types by the first bytes of files.
 *
 * The first bytes are enough for nearly all types.  This runs in the loader itself, so it only
 * compares bytes.
 */
#include <string.h>
#include <strings.h>

#include "text_encoding.h"
#include "signature.h"

static const struct Signature
{
	const char *type;
	size_t		offset;
	size_t		length;
	const char *bytes;
}			signatures[] = {
	{"application/pdf", 0, 5, "%PDF-"},
	{"application/zip", 0, 4, "PK\003\004"},
	{"application/zip", 0, 4, "PK\005\006"},
	{"application/gzip", 0, 3, "\x1f\x8b\x08"},
	{"application/x-ole-storage", 0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"},
	{"application/rtf", 0, 5, "{\\rtf"},
	{"application/postscript", 0, 4, "%!PS"},
	{"image/png", 0, 8, "\x89PNG\r\n\x1a\n"},
	{"image/jpeg", 0, 3, "\xff\xd8\xff"},
	{"image/gif", 0, 6, "GIF87a"},
	{"image/gif", 0, 6, "GIF89a"},
	{"image/tiff", 0, 4, "II*\0"},
	{"image/tiff", 0, 4, "MM\0*"},
	{"image/webp", 8, 4, "WEBP"},
	{"image/vnd.djvu", 0, 8, "AT&TFORM"},
	{"image/jp2", 0, 12, "\0\0\0\x0cjP  \r\n\x87\n"},
	{"image/heif", 4, 8, "ftypheic"},
	{"image/heif", 4, 8, "ftypmif1"},
	{"image/avif", 4, 8, "ftypavif"},
	{"image/vnd.adobe.photoshop", 0, 4, "8BPS"},
	{"audio/mpeg", 0, 3, "ID3"},
	{"audio/flac", 0, 4, "fLaC"},
	{"audio/x-wav", 8, 4, "WAVE"},
	{"video/x-msvideo", 8, 4, "AVI "},
	{"application/ogg", 0, 4, "OggS"},
	{"video/mp4", 4, 4, "ftyp"},
	{"video/x-matroska", 0, 4, "\x1a\x45\xdf\xa3"},
	{"application/x-xz", 0, 6, "\xfd" "7zXZ\0"},
	{"application/x-bzip", 0, 3, "BZh"},
	{"application/zstd", 0, 4, "\x28\xb5\x2f\xfd"},
	{"application/x-lz4", 0, 4, "\x04\x22\x4d\x18"},
	{"application/x-7z-compressed", 0, 6, "7z\xbc\xaf\x27\x1c"},
	{"application/vnd.rar", 0, 6, "Rar!\x1a\x07"},
	{"application/x-tar", 257, 5, "ustar"},
	{"application/x-archive", 0, 8, "!<arch>\n"},
	{"application/x-rpm", 0, 4, "\xed\xab\xee\xdb"},
	{"application/vnd.sqlite3", 0, 16, "SQLite format 3"},
	{"application/vnd.ms-outlook", 0, 4, "!BDN"},
	{"application/x-executable", 0, 4, "\x7f" "ELF"},
	{"application/java-vm", 0, 4, "\xca\xfe\xba\xbe"},
	{"application/wasm", 0, 4, "\0asm"},
	{"application/x-gettext-translation", 0, 4, "\xde\x12\x04\x95"},
	{"font/ttf", 0, 5, "\0\1\0\0\0"},
	{"font/otf", 0, 4, "OTTO"},
	{"font/woff", 0, 4, "wOFF"},
	{"font/woff2", 0, 4, "wOF2"},
};

/* Other names of types in the table, and types whose files have the same signature. */
static const struct
{
	const char *type;
	const char *signature;
}			carriers[] = {
	{"text/rtf", "application/rtf"},
	{"application/msword", "application/x-ole-storage"},
	{"application/vnd.ms-excel", "application/x-ole-storage"},
	{"application/vnd.ms-powerpoint", "application/x-ole-storage"},
	{"application/vnd.visio", "application/x-ole-storage"},
	{"application/x-bzip2", "application/x-bzip"},
	{"application/sqlite3", "application/vnd.sqlite3"},
	{"audio/mp4", "video/mp4"},
	{"video/quicktime", "video/mp4"},
	{"audio/ogg", "application/ogg"},
	{"video/ogg", "application/ogg"},
	{"audio/vnd.wave", "audio/x-wav"},
	{"video/webm", "video/x-matroska"},
};

/* Returns whether a type has a signature in the table, so that files without it are not of it. */
bool
HasSignature(const char *type)
{
	/* These can be without: it is an optional tag, or one of several forms. */
	if (strcmp(type, "audio/mpeg") == 0 || strcmp(type, "application/x-tar") == 0 ||
		strcmp(type, "image/jp2") == 0 || strcmp(type, "application/postscript") == 0 ||
		strcmp(type, "application/vnd.ms-outlook") == 0)
		return false;
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		if (strcmp(type, signatures[i].type) == 0)
			return true;
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (strcmp(type, carriers[i].type) == 0)
			return strcmp(carriers[i].signature, "application/x-ole-storage") != 0;
	return false;
}

/* Returns whether a text starts with a whole word, in whatever case. */
static bool
StartsWith(const char *text, size_t length, const char *word)
{
	size_t		width = strlen(word);

	return length > width && strncasecmp(text, word, width) == 0 &&
		strchr(" \t\r\n>", text[width]) != NULL;
}

/* Skips white space and comments. */
static const char *
SkipComments(const char *at, const char *end)
{
	for (;;)
	{
		while (at < end && *at != '\0' && strchr(" \t\r\n\f", *at) != NULL)
			at++;
		if (end - at < 4 || memcmp(at, "<!--", 4) != 0)
			return at;
		at = memmem(at, (size_t) (end - at), "-->", 3);
		if (at == NULL)
			return end;
		at += 3;
	}
}

/* Returns whether a text starts with lines like those of a message's header. */
static bool
IsMessage(const char *text, size_t length)
{
	static const char *const first[] = {
		"Return-Path:", "Received:", "Delivered-To:", "MIME-Version:", "Message-ID:",
		"X-Mozilla-Status:", NULL
	};

	/* What mailboxes put before each message */
	if (length > 5 && memcmp(text, "From ", 5) == 0)
	{
		const char *end = memchr(text, '\n', length);

		if (end == NULL)
			return false;
		length -= (size_t) (end + 1 - text);
		text = end + 1;
	}
	for (int i = 0; first[i] != NULL; i++)
		if (length > strlen(first[i]) && strncasecmp(text, first[i], strlen(first[i])) == 0)
			return true;
	return (length > 5 && strncasecmp(text, "From:", 5) == 0 &&
			memmem(text, length, "\nDate:", 6) != NULL) ||
		(length > 5 && strncasecmp(text, "Date:", 5) == 0 &&
		 memmem(text, length, "\nFrom:", 6) != NULL);
}

/* Returns the kind of markup that a text starts with, or NULL. */
static const char *
DetectMarkup(const char *text, size_t length)
{
	const char *end = text + length;
	const char *at;
	size_t		width;

	FindBom(text, length, &width);
	at = SkipComments(text + width, end);
	width = (size_t) (end - at);
	if (StartsWith(at, width, "<!doctype html") || StartsWith(at, width, "<html") ||
		StartsWith(at, width, "<head") || StartsWith(at, width, "<body"))
		return "text/html";
	if (width > 5 && memcmp(at, "<?xml", 5) == 0)
		return memmem(at, width, "<html", 5) != NULL ? "application/xhtml+xml" :
			memmem(at, width, "<svg", 4) != NULL ? "image/svg+xml" : "application/xml";
	return IsMessage(text, length) ? "message/rfc822" : NULL;
}

/* Returns whether bytes are text beyond doubt; those with a NUL must be UTF-16 or the like. */
static bool
IsText(const unsigned char *data, size_t length)
{
	size_t		width;
	const char *text = (const char *) data;
	const char *encoding = FindBom(text, length, &width);

	if (encoding == NULL)
		encoding = DetectEncoding(text, length);
	return encoding != NULL &&
		(strncmp(encoding, "UTF-16", 6) == 0 || strncmp(encoding, "UTF-32", 6) == 0 ||
		 memchr(text, '\0', length) == NULL);
}

/* Returns what the first bytes of a file say. */
Bytes
DetectBytes(const unsigned char *data, size_t length)
{
	Bytes		none = {CERTAINTY_NONE, NULL};
	const char *markup;

	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
	{
		const struct Signature *s = &signatures[i];

		if (length >= s->offset + s->length && memcmp(data + s->offset, s->bytes, s->length) == 0)
			return (Bytes) {CERTAINTY_SIGNATURE, s->type};
	}
	if (length == 0)
		return none;
	/* A PDF file may have other bytes in front. */
	if (memmem(data, length < 1024 ? length : 1024, "\n%PDF-1.", 8) != NULL &&
		!LooksLikeText(data, length))
		return (Bytes) {CERTAINTY_SIGNATURE, "application/pdf"};
	if (!IsText(data, length))
		return none;
	markup = DetectMarkup((const char *) data, length);
	if (markup != NULL)
		return (Bytes) {CERTAINTY_MARKUP, markup};
	return (Bytes) {CERTAINTY_TEXT, "text/plain"};
}
