/*
 * extract_open.c
 *		ODT, ODS and ODP: the body, then headers and footers.
 */
#include <stdlib.h>
#include <string.h>

#include "extractors.h"
#include "package.h"

typedef struct Open
{
	const char *body;			/* the element that holds text */
	unsigned	in_body;
	unsigned	in_paragraph;
	unsigned	skipped;		/* elements around whose text was deleted, or is none */
	bool		space;			/* a space stands before the next characters */
	bool		encrypted;
	Buffer		value;			/* of a metadata element */
} Open;

/* Adds characters; white space counts as one space. */
static void
AddCollapsed(Xml *xml, Open *state, const char *characters, size_t length)
{
	for (size_t at = 0; at < length;)
	{
		size_t		start = at;

		while (at < length && (characters[at] == ' ' || characters[at] == '\n' ||
							   characters[at] == '\t' || characters[at] == '\r'))
			at++;
		state->space |= at > start;
		start = at;
		while (at < length && characters[at] != ' ' && characters[at] != '\n' &&
			   characters[at] != '\t' && characters[at] != '\r')
			at++;
		if (at == start)
			continue;
		if (state->space)
			AppendString(xml->job, &xml->job->text, " ");
		state->space = false;
		Append(xml->job, &xml->job->text, characters + start, at - start);
	}
}

/* Adds as many spaces as <text:s> says. */
static void
AddSpaces(Xml *xml)
{
	char	   *count = GetAttribute(xml, "c");
	long		spaces = count ? strtol(count, NULL, 10) : 1;

	for (long i = 0; i < spaces && i < 1000; i++)
		AppendString(xml->job, &xml->job->text, " ");
	Release(xml->job, count);
}

static void
Start(Xml *xml, const char *name)
{
	Open	   *state = xml->state;
	bool		inside = state->in_body > 0 && state->skipped == 0;

	if (strcmp(name, state->body) == 0)
		state->in_body++;
	if (strcmp(name, "tracked-changes") == 0)
		state->skipped++;
	if (!inside)
		return;
	if (strcmp(name, "p") == 0 || strcmp(name, "h") == 0)
	{
		/* A paragraph in one is that of a note or of a frame. */
		if (state->in_paragraph++ > 0)
			AppendString(xml->job, &xml->job->text, " ");
		state->space = false;
	}
	else if (strcmp(name, "tab") == 0)
		AppendString(xml->job, &xml->job->text, "\t");
	else if (strcmp(name, "line-break") == 0)
		AppendString(xml->job, &xml->job->text, "\n");
	else if (strcmp(name, "s") == 0)
		AddSpaces(xml);
}

static void
End(Xml *xml, const char *name)
{
	Open	   *state = xml->state;

	if (strcmp(name, state->body) == 0)
		state->in_body--;
	if (strcmp(name, "tracked-changes") == 0)
		state->skipped--;
	if (state->in_body == 0 || state->skipped > 0)
		return;
	if ((strcmp(name, "p") == 0 || strcmp(name, "h") == 0) && state->in_paragraph > 0)
	{
		state->in_paragraph--;
		AppendString(xml->job, &xml->job->text, "\n");
		state->space = false;
	}
}

static void
Characters(Xml *xml, const char *characters, size_t length)
{
	Open	   *state = xml->state;

	if (state->in_paragraph > 0 && state->skipped == 0 && state->in_body > 0)
		AddCollapsed(xml, state, characters, length);
}

/* Elements of meta.xml, and the keys here.  The first that is there counts. */
static const struct
{
	const char *element;
	const char *key;
}			properties[] = {
	{"title", "title"}, {"initial-creator", "author"}, {"subject", "subject"},
	{"description", "description"}, {"keyword", "keywords"}, {"language", "language"},
	{"creation-date", "created"}, {"date", "modified"}, {"generator", "producer"},
};

static void
StartMeta(Xml *xml, const char *name)
{
	Open	   *state = xml->state;

	state->value.length = 0;
	if (strcmp(name, "document-statistic") == 0)
	{
		char	   *pages = GetAttribute(xml, "page-count");

		if (pages != NULL && strtoul(pages, NULL, 10) > 0)
			AddNumber(xml->job, "pages", strtoul(pages, NULL, 10));
		Release(xml->job, pages);
	}
}

static void
EndMeta(Xml *xml, const char *name)
{
	Open	   *state = xml->state;

	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (strcmp(name, properties[i].element) == 0)
			AddMetadataBytes(xml->job, properties[i].key, state->value.data, state->value.length);
	state->value.length = 0;
}

static void
AddToMeta(Xml *xml, const char *characters, size_t length)
{
	Open	   *state = xml->state;

	if (state->value.length < 100000)
		Append(xml->job, &state->value, characters, length);
}

static void
StartManifest(Xml *xml, const char *name)
{
	Open	   *state = xml->state;

	state->encrypted |= strcmp(name, "encryption-data") == 0;
}

/* Reads one part with a handler, if there is one. */
static void
Read(Package *package, const char *name, const XmlHandler *handler, Open *state)
{
	Part	   *part = FindPart(package, name);

	if (part != NULL && part->data.length > 0)
		ParsePart(package, part, handler, state);
}

/* Reads an ODT, ODS or ODP file. */
void
ExtractOpen(Job *job, const unsigned char *data, size_t size)
{
	static const char *const wanted[] = {
		"content.xml", "styles.xml", "meta.xml", "META-INF/manifest.xml", NULL
	};
	static const XmlHandler text = {Start, End, Characters};
	static const XmlHandler meta = {StartMeta, EndMeta, AddToMeta};
	static const XmlHandler manifest = {StartManifest, NULL, NULL};
	Package		package;
	Open		state = {.body = "body"};

	OpenPackage(job, &package, data, size, wanted);
	Read(&package, "META-INF/manifest.xml", &manifest, &state);
	if (state.encrypted)
		FailJob(job, EXTRACTION_ENCRYPTED, "the file needs a password");
	Read(&package, "meta.xml", &meta, &state);
	/* Templates may have nothing but styles. */
	if (FindPart(&package, "styles.xml") == NULL)
		RequirePart(&package, "content.xml");
	Read(&package, "content.xml", &text, &state);
	/* Headers and footers are in the pages' styles. */
	state.body = "master-styles";
	state.in_body = state.in_paragraph = 0;
	Read(&package, "styles.xml", &text, &state);
}
