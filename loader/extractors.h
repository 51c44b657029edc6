/*
 * extractors.h
 *		The extractors, one for each family of formats.
 *
 * They run in a child process, or in a fuzzer.  They add to the job's text and metadata, and
 * call FailJob() where there is no text.
 */
#ifndef EXTRACTORS_H
#define EXTRACTORS_H

#include "job.h"

typedef enum Family
{
	FAMILY_UNKNOWN,
	FAMILY_NONE,				/* known to have no extractor */
	FAMILY_TEXT,
	FAMILY_HTML,
	FAMILY_WORD,				/* DOCX */
	FAMILY_SHEET,				/* XLSX */
	FAMILY_SLIDES,				/* PPTX */
	FAMILY_OPEN,				/* ODT, ODS, ODP */
	FAMILY_BOOK,				/* EPUB */
	FAMILY_MAIL,
	FAMILY_PDF,
	FAMILY_GZIP,
	FAMILY_COMMAND				/* the user's */
} Family;

extern Family FamilyOf(const char *type);
extern Extractor ExtractorOf(Family family);

extern void ExtractText(Job *job, const unsigned char *data, size_t size);
extern void ExtractHtml(Job *job, const unsigned char *data, size_t size);
extern void ExtractWord(Job *job, const unsigned char *data, size_t size);
extern void ExtractSheet(Job *job, const unsigned char *data, size_t size);
extern void ExtractSlides(Job *job, const unsigned char *data, size_t size);
extern void ExtractOpen(Job *job, const unsigned char *data, size_t size);
extern void ExtractBook(Job *job, const unsigned char *data, size_t size);
extern void ExtractMail(Job *job, const unsigned char *data, size_t size);
extern void ExtractPdf(Job *job, const unsigned char *data, size_t size);
extern void ExtractGzip(Job *job, const unsigned char *data, size_t size);
extern void ExtractByCommand(Job *job, const unsigned char *data, size_t size);

/* An HTML document inside of another file: adds its text, and metadata if wanted. */
extern void AppendHtml(Job *job, const char *encoding, const unsigned char *data, size_t size,
					   bool metadata);

#endif							/* EXTRACTORS_H */
