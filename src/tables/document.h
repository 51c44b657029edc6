/*
 * document.h
 *		A document that is offered for ingestion, and what became of it.
 */
#ifndef DOC_EXTRACTOR_DOCUMENT_H
#define DOC_EXTRACTOR_DOCUMENT_H

#include "../access/ledger.h"
#include "../compat.h"
#include "../lib/sha256.h"

/* The values that go into the row as the caller gave them. */
typedef enum DocumentField
{
	FIELD_NAME,
	FIELD_TYPE,
	FIELD_SOURCE,
	FIELD_TEXT,
	FIELD_METADATA,				/* json, all others text */
	FIELD_STATUS,
	FIELD_MESSAGE,
	NUMBER_OF_FIELDS
} DocumentField;

typedef struct Document
{
	/* What is offered. */
	NullableDatum fields[NUMBER_OF_FIELDS];
	int64		size;			/* bytes */
	char		hash[HASH_SIZE];	/* empty: not known (yet) */
	void		(*hash_content) (struct Document *document);	/* NULL: done */
	void	   *content;		/* what hash_content() reads */
	bool		hash_was_given; /* so its size must agree with the ledger's */
	Datum		given_hash;		/* text, to be checked; 0: NULL */
	bool		lacks_size;		/* given with the hash: NULL */
	Datum		extractor;		/* text: of text and metadata; 0: NULL */
	NullableDatum location;		/* text: where it was seen, since 1.2 */
	NullableDatum modified_at;	/* timestamptz: there */
	NullableDatum fingerprint;	/* text: of the file there */
	struct Observation *observation;	/* of it, in a batch; see observations.c */
	int64		position;		/* in its batch, from 1; 0: not in a batch */

	/* What became of it. */
	bool		is_logged;		/* it is in error_log; the rest is not set */
	int64		error_id;		/* its row there */
	int64		document_id;
	bool		is_duplicate;
	int64		duplicate_count;
	bool		at_location;	/* it was already there */
	bool		has_text;		/* does the row in documents? */
} Document;

/* What the columns of documents hold. */
typedef struct FieldLimits
{
	int			characters[NUMBER_OF_FIELDS];	/* 0: no limit */
	int64		size;			/* bytes */
	int			extractor;		/* characters */
} FieldLimits;

/* Why a document cannot be ingested. */
typedef struct Problem
{
	int			sqlstate;
	char	   *message;
	const char *hint;			/* NULL: none */
} Problem;

extern const char *FieldName(DocumentField field);
extern const char *DefaultValue(DocumentField field);
extern void InitDocument(Document *document, int64 position);
extern void HashContent(Document *document, Datum content);
extern bool HaveLocations(Document **documents, int ndocuments);
extern bool HasExtractor(const Ledger *ledger);
extern void GetFieldLimits(const Ledger *ledger, FieldLimits *limits);
extern bool HasProblem(Document *document, const FieldLimits *limits,
					   Problem *problem);
pg_noreturn extern void ReportProblem(const Document *document,
									  const Problem *problem);
extern void FillDefaults(Document *document);
extern char *PrintableText(NullableDatum value);
extern char *PrintableName(const Document *document);
extern bool IsBlank(const char *bytes, int length);
extern bool IsValidStatus(Datum status);
extern bool IsSuccessStatus(Datum status);
extern bool IsSuccess(const Document *document);

#endif							/* DOC_EXTRACTOR_DOCUMENT_H */
