/*
 * xml.c
 *		XML in parts of ZIP files, by libxml2's parser.
 *
 * No tree is built, no other document is loaded, and entities that a document declares stay
 * unknown: office files have none, so nothing can be expanded a million times.
 */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <string.h>

#include "xml.h"

/* Office files are not deeper; the parser itself stops at 256. */
#define MAX_DEPTH 250

static void
StartElement(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
			 int namespace_count, const xmlChar **namespaces, int attribute_count,
			 int defaulted_count, const xmlChar **attributes)
{
	Xml		   *xml = data;

	(void) prefix;
	(void) uri;
	(void) namespace_count;
	(void) namespaces;
	(void) defaulted_count;
	if (++xml->depth > MAX_DEPTH)
		FailJob(xml->job, EXTRACTION_FAILED, "%s is nested too deep", xml->part);
	xml->attributes = attributes;
	xml->attribute_count = attribute_count;
	if (xml->handler->start != NULL)
		xml->handler->start(xml, (const char *) name);
	xml->attribute_count = 0;
}

static void
EndElement(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	Xml		   *xml = data;

	(void) prefix;
	(void) uri;
	xml->depth--;
	if (xml->handler->end != NULL)
		xml->handler->end(xml, (const char *) name);
}

static void
Characters(void *data, const xmlChar *characters, int length)
{
	Xml		   *xml = data;

	if (xml->handler->characters != NULL)
		xml->handler->characters(xml, (const char *) characters, (size_t) length);
}

static void
FreeParser(void *parser)
{
	xmlFreeParserCtxt(parser);
}

/* Gives up with what libxml2 says of a document. */
static void __attribute__((noreturn))
GiveUpForXml(Job *job, xmlParserCtxtPtr parser, const char *part)
{
	const xmlError *error = xmlCtxtGetLastError(parser);
	char		text[120] = "malformed";

	if (parser->errNo == XML_ERR_NO_MEMORY)
		FailJob(job, EXTRACTION_TOO_LARGE, "the file needs more memory than is allowed");
	if (error != NULL && error->message != NULL)
		snprintf(text, sizeof(text), "%.*s", (int) strcspn(error->message, "\n"), error->message);
	FailJob(job, EXTRACTION_FAILED, "%s is no valid XML: %s", part, text);
}

/* Parses a document; the handler's functions get state in xml->state. */
void
ParseXml(Job *job, const XmlHandler *handler, void *state, const char *part, const char *data,
		 size_t length)
{
	Xml			xml = {.job = job,.handler = handler,.part = part,.state = state};
	xmlParserCtxtPtr parser;

	if (length > INT_MAX / 2)
		FailJob(job, EXTRACTION_TOO_LARGE, "%s is too large", part);
	parser = length > 0 ? xmlCreateMemoryParserCtxt(data, (int) length) : NULL;
	if (parser == NULL)
		FailJob(job, EXTRACTION_FAILED, "%s is empty", part);
	PushCleanup(job, FreeParser, parser);
	memset(parser->sax, 0, sizeof(*parser->sax));
	parser->sax->initialized = XML_SAX2_MAGIC;
	parser->sax->startElementNs = StartElement;
	parser->sax->endElementNs = EndElement;
	parser->sax->characters = Characters;
	parser->sax->cdataBlock = Characters;
	parser->sax->ignorableWhitespace = Characters;
	parser->userData = &xml;
	xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlParseDocument(parser);
	if (!parser->wellFormed)
		GiveUpForXml(job, parser, part);
	PopCleanup(job);
}

/*
 * Returns the value of an attribute of the element that starts, to be released; NULL if it
 * has none.
 */
char *
GetAttribute(Xml *xml, const char *name)
{
	for (int i = 0; i < xml->attribute_count; i++)
	{
		const unsigned char **attribute = xml->attributes + (size_t) i * 5;

		if (strcmp((const char *) attribute[0], name) == 0)
		{
			size_t		length = (size_t) (attribute[4] - attribute[3]);
			char	   *value = Allocate(xml->job, length + 1);

			memcpy(value, attribute[3], length);
			value[length] = '\0';
			return value;
		}
	}
	return NULL;
}
