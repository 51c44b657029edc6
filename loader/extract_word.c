/*
 * extract_word.c
 *		DOCX: the text of the body, then headers, footers, notes and comments.
 */
#include <string.h>

#include "extractors.h"
#include "package.h"

typedef struct Word
{
	unsigned	in_text;		/* elements around whose characters are text */
	unsigned	skipped;		/* elements around that repeat what is said elsewhere */
} Word;

/* Returns whether an element repeats text in another form: for old programs, or before a change. */
static bool
IsRepetition(const char *name)
{
	return strcmp(name, "Fallback") == 0 || strcmp(name, "moveFrom") == 0;
}

static void
Start(Xml *xml, const char *name)
{
	Word	   *state = xml->state;

	if (IsRepetition(name))
		state->skipped++;
	if (state->skipped > 0)
		return;
	if (strcmp(name, "t") == 0)
		state->in_text++;
	else if (strcmp(name, "tab") == 0 || strcmp(name, "ptab") == 0)
		AppendString(xml->job, &xml->job->text, "\t");
	else if (strcmp(name, "br") == 0 || strcmp(name, "cr") == 0)
		AppendString(xml->job, &xml->job->text, "\n");
	else if (strcmp(name, "noBreakHyphen") == 0)
		AppendString(xml->job, &xml->job->text, "-");
}

static void
End(Xml *xml, const char *name)
{
	Word	   *state = xml->state;

	if (IsRepetition(name))
		state->skipped--;
	else if (state->skipped > 0)
		return;
	else if (strcmp(name, "t") == 0)
		state->in_text--;
	else if (strcmp(name, "p") == 0)
		AppendString(xml->job, &xml->job->text, "\n");
}

static void
Characters(Xml *xml, const char *characters, size_t length)
{
	Word	   *state = xml->state;

	if (state->in_text > 0)
		Append(xml->job, &xml->job->text, characters, length);
}

/* Reads a DOCX file. */
void
ExtractWord(Job *job, const unsigned char *data, size_t size)
{
	static const char *const wanted[] = {
		"[[]Content_Types].xml", "word/*.xml", "docProps/core.xml", "docProps/app.xml", NULL
	};
	static const char *const single[] = {"word/footnotes.xml", "word/endnotes.xml",
										 "word/comments.xml"};
	static const char *const numbered[] = {"word/header", "word/footer"};
	static const XmlHandler handler = {Start, End, Characters};
	Package		package;
	Word		state = {0};
	Part	   *part;

	OpenPackage(job, &package, data, size, wanted);
	ReadProperties(&package, "Pages");
	part = FindMainPart(&package, "word", "word/document.xml");
	ParsePart(&package, part, &handler, &state);
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if ((part = FindPart(&package, single[i])) != NULL && part->data.length > 0)
			ParsePart(&package, part, &handler, &state);
	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++)
		for (unsigned number = 0; (part = NextNumbered(&package, numbered[i], &number)) != NULL;)
			ParsePart(&package, part, &handler, &state);
}
