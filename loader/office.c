/*
 * office.c
 *		What DOCX, XLSX and PPTX have in common: where the main part is, and the
 *		properties.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package.h"

/* Elements of docProps/core.xml and app.xml, and the keys here. */
static const struct
{
	const char *element;
	const char *key;
	bool		number;
}			properties[] = {
	{"title", "title", false},
	{"creator", "author", false},
	{"subject", "subject", false},
	{"keywords", "keywords", false},
	{"description", "description", false},
	{"language", "language", false},
	{"created", "created", false},
	{"modified", "modified", false},
	{"Application", "producer", false},
};

typedef struct Properties
{
	Buffer		value;
	const char *pages_element;
} Properties;

static void
StartProperty(Xml *xml, const char *name)
{
	Properties *state = xml->state;

	(void) name;
	state->value.length = 0;
}

static void
AddToProperty(Xml *xml, const char *characters, size_t length)
{
	Properties *state = xml->state;

	if (state->value.length < 100000)
		Append(xml->job, &state->value, characters, length);
}

static void
EndProperty(Xml *xml, const char *name)
{
	Properties *state = xml->state;

	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (strcmp(name, properties[i].element) == 0)
			AddMetadataBytes(xml->job, properties[i].key, state->value.data, state->value.length);
	if (state->pages_element != NULL && strcmp(name, state->pages_element) == 0)
	{
		unsigned long pages = strtoul(BufferString(xml->job, &state->value), NULL, 10);

		if (pages > 0)
			AddNumber(xml->job, "pages", pages);
	}
	state->value.length = 0;
}

/* Reads the properties; pages_element is the one that counts pages or slides, or NULL. */
void
ReadProperties(Package *package, const char *pages_element)
{
	static const XmlHandler handler = {StartProperty, EndProperty, AddToProperty};
	static const char *const names[] = {"docProps/core.xml", "docProps/app.xml"};
	Properties	state = {.pages_element = pages_element};

	for (int i = 0; i < 2; i++)
	{
		Part	   *part = FindPart(package, names[i]);

		if (part != NULL && part->data.length > 0)
			ParsePart(package, part, &handler, &state);
	}
	Release(package->job, state.value.data);
}

/* Looking for the main part in [Content_Types].xml */
typedef struct MainPart
{
	const char *type;			/* part of the content type that is wanted */
	char	   *name;
} MainPart;

static void
StartType(Xml *xml, const char *name)
{
	MainPart   *state = xml->state;
	char	   *type;

	if (state->name != NULL || strcmp(name, "Override") != 0)
		return;
	type = GetAttribute(xml, "ContentType");
	if (type != NULL && strstr(type, state->type) != NULL && strstr(type, "main+xml") != NULL)
		state->name = GetAttribute(xml, "PartName");
	Release(xml->job, type);
}

/* Returns the main part: the one that [Content_Types].xml names, else that of the usual name. */
Part *
FindMainPart(Package *package, const char *type, const char *usual)
{
	static const XmlHandler handler = {StartType, NULL, NULL};
	MainPart	state = {.type = type};
	Part	   *types = FindPart(package, "[Content_Types].xml");
	Part	   *found = NULL;

	if (types != NULL)
		ParsePart(package, types, &handler, &state);
	if (state.name != NULL)
		found = FindPart(package, state.name + (state.name[0] == '/'));
	return found != NULL ? found : RequirePart(package, usual);
}

/*
 * Returns the part start%u.xml with the least number above *number, and sets it; NULL if there
 * is none.
 */
Part *
NextNumbered(const Package *package, const char *start, unsigned *number)
{
	size_t		length = strlen(start);
	unsigned	least = 0;
	Part	   *found = NULL;

	for (int i = 0; i < package->count; i++)
	{
		unsigned	n = 0;
		int			end = 0;

		if (strncmp(package->parts[i].name, start, length) != 0 ||
			sscanf(package->parts[i].name + length, "%9u.xml%n", &n, &end) != 1 || end == 0 ||
			package->parts[i].name[length + end] != '\0')
			continue;
		if (n > *number && (found == NULL || n < least))
		{
			found = &package->parts[i];
			least = n;
		}
	}
	if (found != NULL)
		*number = least;
	return found;
}
