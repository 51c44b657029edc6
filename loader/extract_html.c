/*
 * extract_html.c
 *		HTML by libxml2's parser, which takes whatever there is.
 *
 * The parser calls functions here for tags and characters.  No tree is built, so neither size
 * nor depth of a document take memory.
 */
#include <ctype.h>
#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "text_encoding.h"
#include "extractors.h"
#include "utf8.h"

typedef struct Html
{
	Job		   *job;
	bool		metadata;		/* wanted */
	unsigned	skipped;		/* elements around that hold no text */
	unsigned	preformatted;	/* elements around that keep white space */
	bool		in_title;
	Buffer		title;
	unsigned	breaks;			/* line breaks to write before the next word */
	bool		space;			/* a space to write before it */
	bool		started;		/* there is text before */
} Html;

/* What elements mean for the text. */
typedef enum Layout
{
	LAYOUT_INLINE,
	LAYOUT_SKIP,				/* its text is none to read */
	LAYOUT_LINE,				/* on lines of its own */
	LAYOUT_PARAGRAPH,			/* with an empty line before and after */
	LAYOUT_CELL
} Layout;

static const struct
{
	const char *name;
	Layout		layout;
}			layouts[] = {
	{"script", LAYOUT_SKIP}, {"style", LAYOUT_SKIP}, {"template", LAYOUT_SKIP},
	{"svg", LAYOUT_SKIP},
	{"object", LAYOUT_INLINE}, {"noframes", LAYOUT_SKIP}, {"math", LAYOUT_INLINE},
	{"br", LAYOUT_LINE}, {"div", LAYOUT_LINE}, {"li", LAYOUT_LINE}, {"tr", LAYOUT_LINE},
	{"dt", LAYOUT_LINE},
	{"dd", LAYOUT_LINE}, {"option", LAYOUT_LINE}, {"caption", LAYOUT_LINE}, {"figure", LAYOUT_LINE},
	{"figcaption", LAYOUT_LINE}, {"header", LAYOUT_LINE}, {"footer", LAYOUT_LINE},
	{"main", LAYOUT_LINE},
	{"nav", LAYOUT_LINE}, {"aside", LAYOUT_LINE}, {"address", LAYOUT_LINE}, {"form", LAYOUT_LINE},
	{"fieldset", LAYOUT_LINE}, {"legend", LAYOUT_LINE}, {"summary", LAYOUT_LINE},
	{"details", LAYOUT_LINE},
	{"center", LAYOUT_LINE}, {"thead", LAYOUT_LINE}, {"tbody", LAYOUT_LINE}, {"hr", LAYOUT_LINE},
	{"p", LAYOUT_PARAGRAPH}, {"h1", LAYOUT_PARAGRAPH}, {"h2", LAYOUT_PARAGRAPH},
	{"h3", LAYOUT_PARAGRAPH},
	{"h4", LAYOUT_PARAGRAPH}, {"h5", LAYOUT_PARAGRAPH}, {"h6", LAYOUT_PARAGRAPH},
	{"ul", LAYOUT_PARAGRAPH},
	{"ol", LAYOUT_PARAGRAPH}, {"dl", LAYOUT_PARAGRAPH}, {"table", LAYOUT_PARAGRAPH},
	{"pre", LAYOUT_PARAGRAPH},
	{"blockquote", LAYOUT_PARAGRAPH}, {"section", LAYOUT_PARAGRAPH}, {"article", LAYOUT_PARAGRAPH},
	{"td", LAYOUT_CELL}, {"th", LAYOUT_CELL}
};

static Layout
LayoutOf(const char *name)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (strcasecmp(name, layouts[i].name) == 0)
			return layouts[i].layout;
	return LAYOUT_INLINE;
}

/* Returns the value of an attribute, or NULL. */
static const char *
FindAttribute(const xmlChar **attributes, const char *name)
{
	for (; attributes != NULL && attributes[0] != NULL; attributes += 2)
		if (strcasecmp((const char *) attributes[0], name) == 0)
			return (const char *) attributes[1];
	return NULL;
}

/* Metadata that <meta> elements give: their names, and the keys here. */
static const struct
{
	const char *name;
	const char *key;
}			metas[] = {
	{"author", "author"}, {"dc.creator", "author"}, {"dcterms.creator", "author"},
	{"article:author", "author"}, {"dc.title", "title"}, {"og:title", "title"},
	{"description", "description"}, {"dc.description", "description"},
	{"og:description", "description"},
	{"keywords", "keywords"}, {"dc.subject", "keywords"}, {"language", "language"},
	{"dc.language", "language"}, {"content-language", "language"}, {"generator", "producer"},
	{"date", "created"}, {"dc.date", "created"}, {"dcterms.created", "created"},
	{"created", "created"},
	{"article:published_time", "created"}, {"dcterms.modified", "modified"},
	{"article:modified_time", "modified"}, {"last-modified", "modified"}
};

/* Takes the metadata of a tag. */
static void
ReadMeta(Html *html, const char *name, const xmlChar **attributes)
{
	const char *key = FindAttribute(attributes, "name");

	if (strcasecmp(name, "html") == 0)
	{
		const char *language = FindAttribute(attributes, "lang");

		if (language == NULL)
			language = FindAttribute(attributes, "xml:lang");
		AddMetadata(html->job, "language", language);
	}
	if (strcasecmp(name, "meta") != 0)
		return;
	if (key == NULL)
		key = FindAttribute(attributes, "property");
	if (key == NULL)
		key = FindAttribute(attributes, "http-equiv");
	for (size_t i = 0; key != NULL && i < sizeof(metas) / sizeof(metas[0]); i++)
		if (strcasecmp(key, metas[i].name) == 0)
			AddMetadata(html->job, metas[i].key, FindAttribute(attributes, "content"));
}

/* Asks for a break before the next word. */
static void
Break(Html *html, Layout layout)
{
	unsigned	breaks = layout == LAYOUT_PARAGRAPH ? 2 : 1;

	if (layout == LAYOUT_CELL || layout == LAYOUT_INLINE)
		html->space |= layout == LAYOUT_CELL;
	else if (html->breaks < breaks)
		html->breaks = breaks;
}

/* Adds characters to the text; white space counts as one space unless it is preformatted. */
static void
AddCharacters(Html *html, const char *characters, size_t length)
{
	Buffer	   *text = &html->job->text;

	for (size_t at = 0; at < length;)
	{
		size_t		start = at;

		while (at < length && strchr(" \t\r\n\f", characters[at]) != NULL && characters[at] != '\0')
			at++;
		if (at > start && html->preformatted > 0 && html->breaks == 0 && html->started)
			Append(html->job, text, characters + start, at - start);
		else if (at > start)
			html->space = true;
		start = at;
		while (at < length &&
			   (strchr(" \t\r\n\f", characters[at]) == NULL || characters[at] == '\0'))
			at++;
		if (at == start)
			continue;
		if (html->breaks > 0 && html->started)
			Append(html->job, text, "\n\n", html->breaks);
		else if (html->space && html->started)
			Append(html->job, text, " ", 1);
		html->breaks = 0;
		html->space = false;
		html->started = true;
		Append(html->job, text, characters + start, at - start);
	}
}

static void
StartElement(void *data, const xmlChar *element, const xmlChar **attributes)
{
	Html	   *html = data;
	const char *name = (const char *) element;
	Layout		layout = LayoutOf(name);

	if (html->metadata)
		ReadMeta(html, name, attributes);
	if (strcasecmp(name, "title") == 0)
		html->in_title = true;
	html->skipped += layout == LAYOUT_SKIP;
	Break(html, layout);
	html->preformatted += strcasecmp(name, "pre") == 0 || strcasecmp(name, "textarea") == 0;
	if (strcasecmp(name, "img") == 0 && html->skipped == 0)
	{
		const char *alternative = FindAttribute(attributes, "alt");

		if (alternative != NULL)
			AddCharacters(html, alternative, strlen(alternative));
	}
}

static void
EndElement(void *data, const xmlChar *element)
{
	Html	   *html = data;
	const char *name = (const char *) element;
	Layout		layout = LayoutOf(name);

	if (strcasecmp(name, "title") == 0)
		html->in_title = false;
	if (layout == LAYOUT_SKIP && html->skipped > 0)
		html->skipped--;
	if ((strcasecmp(name, "pre") == 0 || strcasecmp(name, "textarea") == 0) &&
		html->preformatted > 0)
		html->preformatted--;
	if (strcasecmp(name, "br") != 0)
		Break(html, layout);
}

static void
Characters(void *data, const xmlChar *characters, int length)
{
	Html	   *html = data;

	if (html->in_title)
	{
		if (html->title.length < 10000)
			Append(html->job, &html->title, (const char *) characters, (size_t) length);
	}
	else if (html->skipped == 0)
		AddCharacters(html, (const char *) characters, (size_t) length);
}

static void
FreeParser(void *parser)
{
	htmlFreeParserCtxt(parser);
}

/* Parses a document that is UTF-8 by now. */
static void
Parse(Html *html, const char *data, size_t length)
{
	htmlParserCtxtPtr parser;

	if (length == 0)
		return;
	if (length > INT_MAX / 2)
		FailJob(html->job, EXTRACTION_TOO_LARGE, "the HTML document is too large");
	parser = htmlCreateMemoryParserCtxt(data, (int) length);
	if (parser == NULL)
		FailJob(html->job, EXTRACTION_TOO_LARGE, "the file needs more memory than is allowed");
	PushCleanup(html->job, FreeParser, parser);
	memset(parser->sax, 0, sizeof(*parser->sax));
	parser->sax->startElement = StartElement;
	parser->sax->endElement = EndElement;
	parser->sax->characters = Characters;
	parser->sax->ignorableWhitespace = Characters;
	parser->userData = html;
	htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
					   HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
	xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
	htmlParseDocument(parser);
	if (parser->errNo == XML_ERR_NO_MEMORY)
		FailJob(html->job, EXTRACTION_TOO_LARGE, "the file needs more memory than is allowed");
	PopCleanup(html->job);
}

/* Returns the encoding that a document declares near its start, or NULL. */
static const char *
FindDeclared(const char *data, size_t length, char *name, size_t size)
{
	const char *end = data + (length < 4096 ? length : 4096);
	const char *at = data;
	size_t		width = 0;

	while (end - at > 8 && strncasecmp(at, "charset=", 8) != 0 &&
		   strncasecmp(at, "encoding=", 9) != 0)
		at++;
	if (end - at <= 9)
		return NULL;
	at += 8 + (*at == 'e' || *at == 'E');
	at += *at == '"' || *at == '\'';
	while (at + width < end && width + 1 < size &&
		   (isalnum((unsigned char) at[width]) || strchr("-_.:", at[width]) != NULL) &&
		   at[width] != '\0')
		width++;
	memcpy(name, at, width);
	name[width] = '\0';
	/* What says so in ASCII is not UTF-16; and what says ISO-8859-1 means Windows. */
	if (width == 0 || strncasecmp(name, "utf-16", 6) == 0)
		return NULL;
	return strcasecmp(name, "iso-8859-1") == 0 ? "WINDOWS-1252" : name;
}

/* Adds the text of an HTML document; encoding is NULL unless something outside of it tells. */
void
AppendHtml(Job *job, const char *encoding, const unsigned char *data, size_t size, bool metadata)
{
	Html		html = {.job = job,.metadata = metadata};
	Buffer		utf8 = {0};
	char		declared[40];

	if (encoding == NULL)
		encoding = FindDeclared((const char *) data, size, declared, sizeof(declared));
	encoding = AppendDecoded(job, &utf8, encoding, (const char *) data, size);
	if (encoding == NULL)
		FailJob(job, EXTRACTION_FAILED, "the file is not text");
	utf8.length = CleanUtf8(utf8.data, utf8.length, &job->removed);
	Parse(&html, utf8.data, utf8.length);
	Release(job, utf8.data);
	if (metadata)
	{
		AddMetadataBytes(job, "title", html.title.data, html.title.length);
		AddMetadata(job, "encoding", encoding);
	}
	Release(job, html.title.data);
}

/* Reads an HTML file. */
void
ExtractHtml(Job *job, const unsigned char *data, size_t size)
{
	if (size > 0)
		AppendHtml(job, NULL, data, size, true);
}
