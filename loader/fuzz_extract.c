/*
 * fuzz_extract.c
 *		A libFuzzer harness for the extractors, in one process:
 *			make -f extract.mk fuzz_extract
 *			EXTRACT_CORPUS=corpus prove test/t/061_extract_texts.pl	# makes a corpus
 *			FAMILY=html ./fuzz_extract -detect_leaks=0 -max_total_time=120 corpus
 *
 * FAMILY is one of those below.  For office files and books, the input is a ZIP file with "zip-"
 * before the family, else the XML part of one: random changes rarely leave a ZIP file readable.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "extractors.h"
#include "json.h"
#include "signature.h"
#include "utf8.h"

/* A family's extractor, and the name of the part that the input is to be. */
static const struct Target
{
	const char *family;
	Extractor	extract;
	const char *part;
}			targets[] = {
	{"text", ExtractText, NULL},
	{"html", ExtractHtml, NULL},
	{"mail", ExtractMail, NULL},
	{"gzip", ExtractGzip, NULL},
	{"zip-word", ExtractWord, NULL},
	{"zip-sheet", ExtractSheet, NULL},
	{"zip-slides", ExtractSlides, NULL},
	{"zip-open", ExtractOpen, NULL},
	{"zip-book", ExtractBook, NULL},
	{"word", ExtractWord, "word/document.xml"},
	{"sheet", ExtractSheet, "xl/worksheets/sheet1.xml"},
	{"strings", ExtractSheet, "xl/sharedStrings.xml"},
	{"styles", ExtractSheet, "xl/styles.xml"},
	{"slides", ExtractSlides, "ppt/slides/slide1.xml"},
	{"open", ExtractOpen, "content.xml"},
	{"meta", ExtractOpen, "meta.xml"},
	{"book", ExtractBook, "b.opf"},
};

/* Parts that stand beside the input, so that extractors get to it. */
static const char *const parts[][2] = {
	{"META-INF/container.xml", "<c><rootfile full-path='b.opf'/></c>"},
	{"xl/workbook.xml", "<w><sheet name='s' r:id='r' xmlns:r='r'/></w>"},
	{"xl/_rels/workbook.xml.rels", "<r><Relationship Id='r' Target='worksheets/sheet1.xml'/></r>"},
	{"ppt/presentation.xml", "<p/>"},
	{"a.xhtml", "<html><body><p>a chapter</p></body></html>"},
	{"xl/worksheets/sheet1.xml",
	 "<s><row><c t='s'><v>0</v></c><c s='1'><v>43000.5</v></c></row></s>"},
	{"content.xml", "<c/>"},
};

static const struct Target *target;

/* Appends bytes to a ZIP file of stored parts. */
static unsigned char *
AddPart(unsigned char *zip, size_t *length, const char *name, const void *data, size_t size)
{
	unsigned char header[30] = "PK\003\004\024";
	uint32_t	checksum = (uint32_t) crc32(0, data, (uInt) size);
	uint32_t	sizes = (uint32_t) size;
	uint16_t	name_length = (uint16_t) strlen(name);

	memcpy(header + 14, &checksum, 4);
	memcpy(header + 18, &sizes, 4);
	memcpy(header + 22, &sizes, 4);
	memcpy(header + 26, &name_length, 2);
	zip = realloc(zip, *length + 30 + name_length + size);
	memcpy(zip + *length, header, 30);
	memcpy(zip + *length + 30, name, name_length);
	if (size > 0)
		memcpy(zip + *length + 30 + name_length, data, size);
	*length += 30 + name_length + size;
	return zip;
}

/* Runs an extractor as a child would. */
static void
Extract(const unsigned char *data, size_t size)
{
	Job			job;
	char	   *json;

	InitJob(&job, data, size, 1 << 20);
	RunJob(&job, target->extract);
	if (job.status == EXTRACTION_DONE &&
		(job.text.length == 0 || !IsUtf8(job.text.data, job.text.length)))
		abort();
	json = ItemsToJson(job.metadata.data, job.metadata.length);
	if (json != NULL && !IsUtf8(json, strlen(json)))
		abort();
	free(json);
	FreeJob(&job);
}

/* Runs what the loader itself does with bytes. */
static void
RunInLoader(const unsigned char *data, size_t size)
{
	Source		source = {.fd = -1,.data = data,.size = size};

	DetectBytes(data, size < 4096 ? size : 4096);
	DetectZip(&source);
	IsEncryptedOffice(&source);
	free(ItemsToJson((const char *) data, size));
}

extern int	LLVMFuzzerInitialize(int *argc, char ***argv);
extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *family = getenv("FAMILY");

	(void) argc;
	(void) argv;
	/* Nothing is to be executed. */
	setenv("PATH", "/nonexistent", 1);
	for (size_t i = 0; family != NULL && i < sizeof(targets) / sizeof(targets[0]); i++)
		if (strcmp(family, targets[i].family) == 0)
			target = &targets[i];
	return 0;
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned char *zip = NULL;
	size_t		length = 0;

	if (target == NULL)
		RunInLoader(data, size);
	else if (target->part == NULL)
		Extract(data, size);
	else
	{
		zip = AddPart(zip, &length, target->part, data, size);
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			if (strcmp(parts[i][0], target->part) != 0)
				zip = AddPart(zip, &length, parts[i][0], parts[i][1], strlen(parts[i][1]));
		Extract(zip, length);
		free(zip);
	}
	return 0;
}
