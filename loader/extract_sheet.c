/*
 * extract_sheet.c
 *		XLSX: each sheet's name, then its rows, with tabs between the cells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extractors.h"
#include "package.h"
#include "sheet_dates.h"

#define MAX_SHEETS 5000

/* A sheet, as the workbook and its relationships name it. */
typedef struct Sheet
{
	char	   *name;
	char	   *relation;		/* id of its relationship */
	char	   *target;			/* part, or NULL */
} Sheet;

typedef struct Workbook
{
	Sheet	   *sheets;
	int			count;
	Styles		styles;

	/* Strings that cells share: their places in one buffer, one more than there are */
	Buffer		strings;
	size_t	   *ends;
	size_t		string_count;

	/* The cell at hand */
	char		kind[12];
	unsigned	style;
	Buffer		value;
	bool		in_value;
	unsigned	in_phonetic;	/* how to pronounce a string */
	bool		row_started;
} Workbook;

/* Collects the characters of values and strings. */
static void
Characters(Xml *xml, const char *characters, size_t length)
{
	Workbook   *book = xml->state;

	if (book->in_value && book->in_phonetic == 0)
		Append(xml->job, &book->value, characters, length);
}

static void
StartString(Xml *xml, const char *name)
{
	Workbook   *book = xml->state;

	if (strcmp(name, "si") == 0)
		book->value.length = 0;
	book->in_phonetic += strcmp(name, "rPh") == 0;
	book->in_value = strcmp(name, "t") == 0;
}

static void
EndString(Xml *xml, const char *name)
{
	Workbook   *book = xml->state;

	book->in_value = false;
	book->in_phonetic -= strcmp(name, "rPh") == 0 && book->in_phonetic > 0;
	if (strcmp(name, "si") != 0)
		return;
	if ((book->string_count & (book->string_count - 1)) == 0)
		book->ends = Reallocate(xml->job, book->ends,
								sizeof(size_t) * (book->string_count ? book->string_count * 2 : 1));
	Append(xml->job, &book->strings, book->value.data, book->value.length);
	book->ends[book->string_count++] = book->strings.length;
}

/* Adds what a cell shows. */
static void
AddCell(Job *job, Workbook *book)
{
	char		date[40];
	char	   *value = BufferString(job, &book->value);

	if (strcmp(book->kind, "s") == 0)
	{
		size_t		number = strtoul(value, NULL, 10);
		size_t		start = number > 0 && number <= book->string_count ? book->ends[number - 1] : 0;

		if (number < book->string_count)
			Append(job, &job->text, book->strings.data + start, book->ends[number] - start);
	}
	else if (strcmp(book->kind, "b") == 0)
		AppendString(job, &job->text, value[0] == '1' ? "TRUE" : "FALSE");
	else if (book->kind[0] == '\0' && book->style < book->styles.count &&
			 book->styles.dates[book->style] &&
			 FormatDate(&book->styles, value, date, sizeof(date)))
		AppendString(job, &job->text, date);
	else
		Append(job, &job->text, book->value.data, book->value.length);
}

static void
StartCell(Xml *xml, const char *name)
{
	Workbook   *book = xml->state;

	book->in_value = strcmp(name, "v") == 0 || strcmp(name, "t") == 0;
	book->in_phonetic += strcmp(name, "rPh") == 0;
	if (strcmp(name, "row") == 0)
		book->row_started = false;
	if (strcmp(name, "c") == 0)
	{
		char	   *kind = GetAttribute(xml, "t");
		char	   *style = GetAttribute(xml, "s");

		snprintf(book->kind, sizeof(book->kind), "%s", kind && strcmp(kind, "n") != 0 ? kind : "");
		book->style = style ? (unsigned) strtoul(style, NULL, 10) : 0;
		book->value.length = 0;
		Release(xml->job, kind);
		Release(xml->job, style);
	}
}

static void
EndCell(Xml *xml, const char *name)
{
	Workbook   *book = xml->state;

	book->in_value = false;
	book->in_phonetic -= strcmp(name, "rPh") == 0 && book->in_phonetic > 0;
	if (strcmp(name, "c") == 0 && book->value.length > 0)
	{
		if (book->row_started)
			AppendString(xml->job, &xml->job->text, "\t");
		book->row_started = true;
		AddCell(xml->job, book);
	}
	if (strcmp(name, "row") == 0 && book->row_started)
		AppendString(xml->job, &xml->job->text, "\n");
}

static void
StartWorkbook(Xml *xml, const char *name)
{
	Workbook   *book = xml->state;

	if (strcmp(name, "workbookPr") == 0)
	{
		char	   *from_1904 = GetAttribute(xml, "date1904");

		book->styles.from_1904 = from_1904 &&
			(strcmp(from_1904, "1") == 0 || strcmp(from_1904, "true") == 0);
		Release(xml->job, from_1904);
	}
	if (strcmp(name, "sheet") != 0)
		return;
	if (book->count == MAX_SHEETS)
		FailJob(xml->job, EXTRACTION_TOO_LARGE, "the file has too many sheets");
	if ((book->count & (book->count - 1)) == 0)
		book->sheets = Reallocate(xml->job, book->sheets,
								  sizeof(Sheet) * (size_t) (book->count ? book->count * 2 : 1));
	book->sheets[book->count].name = GetAttribute(xml, "name");
	book->sheets[book->count].relation = GetAttribute(xml, "id");
	book->sheets[book->count++].target = NULL;
}

static void
StartRelation(Xml *xml, const char *name)
{
	Workbook   *book = xml->state;
	char	   *id = strcmp(name, "Relationship") == 0 ? GetAttribute(xml, "Id") : NULL;

	for (int i = 0; i < book->count && id != NULL; i++)
		if (book->sheets[i].target == NULL && book->sheets[i].relation != NULL &&
			strcmp(book->sheets[i].relation, id) == 0)
			book->sheets[i].target = GetAttribute(xml, "Target");
	Release(xml->job, id);
}

/* Returns the part of a sheet: its target, relative to xl/ or absolute; NULL if there is none. */
static Part *
FindSheet(const Package *package, const Sheet *sheet)
{
	char		name[300];

	if (sheet->target == NULL)
		return NULL;
	if (sheet->target[0] == '/')
		return FindPart(package, sheet->target + 1);
	if (snprintf(name, sizeof(name), "xl/%s", sheet->target) >= (int) sizeof(name))
		return NULL;
	return FindPart(package, name);
}

/* Reads one part with a handler, if there is one. */
static void
Read(Package *package, const char *name, const XmlHandler *handler, Workbook *book)
{
	Part	   *part = FindPart(package, name);

	if (part != NULL && part->data.length > 0)
		ParsePart(package, part, handler, book);
}

/* Reads an XLSX file. */
void
ExtractSheet(Job *job, const unsigned char *data, size_t size)
{
	static const char *const wanted[] = {
		"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/styles.xml",
		"xl/worksheets/*.xml", "docProps/core.xml", "docProps/app.xml", NULL
	};
	static const XmlHandler workbook = {StartWorkbook, NULL, NULL};
	static const XmlHandler relations = {StartRelation, NULL, NULL};
	static const XmlHandler strings = {StartString, EndString, Characters};
	static const XmlHandler cells = {StartCell, EndCell, Characters};
	Package		package;
	Workbook	book = {0};

	OpenPackage(job, &package, data, size, wanted);
	ReadProperties(&package, NULL);
	ParsePart(&package, RequirePart(&package, "xl/workbook.xml"), &workbook, &book);
	Read(&package, "xl/_rels/workbook.xml.rels", &relations, &book);
	Read(&package, "xl/sharedStrings.xml", &strings, &book);
	ReadStyles(&package, &book.styles);
	AddNumber(job, "sheets", (uint64_t) book.count);
	for (int i = 0; i < book.count; i++)
	{
		Part	   *part = FindSheet(&package, &book.sheets[i]);

		if (part == NULL || part->data.length == 0)
			continue;
		if (book.sheets[i].name != NULL)
			AppendString(job, &job->text, book.sheets[i].name);
		AppendString(job, &job->text, "\n");
		ParsePart(&package, part, &cells, &book);
		AppendString(job, &job->text, "\n");
	}
}
