/*
 * extract_slides.c
 *		PPTX: the text of each slide, then its notes.
 */
#include <stdio.h>
#include <string.h>

#include "extractors.h"
#include "package.h"

/* Counts the elements around whose characters are text. */
static void
Start(Xml *xml, const char *name)
{
	unsigned   *in_text = xml->state;

	if (strcmp(name, "t") == 0)
		(*in_text)++;
	else if (strcmp(name, "br") == 0)
		AppendString(xml->job, &xml->job->text, "\n");
}

static void
End(Xml *xml, const char *name)
{
	unsigned   *in_text = xml->state;

	if (strcmp(name, "t") == 0)
		(*in_text)--;
	else if (strcmp(name, "p") == 0)
		AppendString(xml->job, &xml->job->text, "\n");
}

static void
Characters(Xml *xml, const char *characters, size_t length)
{
	unsigned   *in_text = xml->state;

	if (*in_text > 0)
		Append(xml->job, &xml->job->text, characters, length);
}

/* Reads a PPTX file: slides in the order of their numbers. */
void
ExtractSlides(Job *job, const unsigned char *data, size_t size)
{
	static const char *const wanted[] = {
		"[[]Content_Types].xml", "ppt/presentation.xml", "ppt/slides/slide*.xml",
		"ppt/notesSlides/notesSlide*.xml", "docProps/core.xml", "docProps/app.xml", NULL
	};
	static const char *const kinds[] = {"ppt/slides/slide", "ppt/notesSlides/notesSlide"};
	static const XmlHandler handler = {Start, End, Characters};
	Package		package;
	Part	   *part;

	OpenPackage(job, &package, data, size, wanted);
	RequirePart(&package, "ppt/presentation.xml");
	ReadProperties(&package, "Slides");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (unsigned number = 0; (part = NextNumbered(&package, kinds[i], &number)) != NULL;)
		{
			unsigned	in_text = 0;

			ParsePart(&package, part, &handler, &in_text);
			AppendString(job, &job->text, "\n");
		}
}
