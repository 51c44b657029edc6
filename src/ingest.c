/*
 * ingest.c
 *		The engine: documents in, new rows or counted duplicates out.
 *
 * A batch is grouped by content and worked on in the order of the hashes:
 * first all new contents are inserted, then all duplicates are counted.  Two
 * batches that run at once thus take their locks in the same order, and one
 * never waits for the other's insert while it holds back a count.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "ingest.h"
#include "statements.h"

/*
 * How often a content is looked for and inserted before we give up.  Another
 * session can delete it in between, but hardly time and again.
 */
#define MAX_ATTEMPTS 10

/* What is known of a content's row in documents. */
typedef enum ContentState
{
	CONTENT_UNKNOWN,			/* look for it */
	CONTENT_ABSENT,
	CONTENT_UNFINISHED,			/* there, as "failed" or "retry" */
	CONTENT_STORED				/* there, as "success" */
} ContentState;

/* The documents of a batch that have one hash, in the order of the batch. */
typedef struct Content
{
	Document  **documents;
	int			ndocuments;
	int			nsettled;		/* of these, from the first on */
	bool		is_counted;		/* and so are the rest, as duplicates */
	ContentState state;
	int64		document_id;
	int64		size;			/* as documents has it */
} Content;

typedef struct Batch
{
	Oid			schema;
	Document  **sorted;			/* by hash, then by position */
	Content    *contents;		/* by hash */
	int			ncontents;
} Batch;

/* Sorts documents by hash, then by position. */
static int
CompareDocuments(const void *a, const void *b)
{
	const Document *left = *(Document *const *) a;
	const Document *right = *(Document *const *) b;
	int			order = strcmp(left->hash, right->hash);

	return order != 0 ? order : left->position - right->position;
}

/* Finds a content by hash. */
static int
CompareToContent(const void *hash, const void *content)
{
	return strcmp(hash, ((const Content *) content)->documents[0]->hash);
}

/* Returns the content with this hash, NULL where the batch has none. */
static Content *
FindContent(Batch *batch, const char *hash)
{
	return bsearch(hash, batch->contents, batch->ncontents, sizeof(Content),
				   CompareToContent);
}

/* Groups the documents by content. */
static void
GroupDocuments(Batch *batch, Document *documents, int ndocuments)
{
	Content    *content = NULL;

	batch->sorted = palloc_extended(ndocuments * sizeof(Document *),
									MCXT_ALLOC_HUGE);
	batch->contents = palloc_extended(ndocuments * sizeof(Content),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < ndocuments; i++)
		batch->sorted[i] = &documents[i];
	qsort(batch->sorted, ndocuments, sizeof(Document *), CompareDocuments);

	for (int i = 0; i < ndocuments; i++)
	{
		if (i == 0 ||
			strcmp(batch->sorted[i]->hash, batch->sorted[i - 1]->hash) != 0)
		{
			content = &batch->contents[batch->ncontents++];
			content->documents = &batch->sorted[i];
		}
		content->ndocuments++;
	}
}

/* Returns the next document of a content to be settled; NULL if none is left. */
static Document *
NextDocument(Content *content)
{
	return content->nsettled < content->ndocuments ?
		content->documents[content->nsettled] : NULL;
}

/* Notes what became of the next document, which was no duplicate. */
static void
SettleDocument(Content *content)
{
	Document   *document = NextDocument(content);

	document->document_id = content->document_id;
	content->state = IsSuccess(document) ? CONTENT_STORED : CONTENT_UNFINISHED;
	content->nsettled++;
}

/* Returns column "number" of row "row" of SPI's result. */
static Datum
ResultColumn(uint64 row, int number)
{
	bool		is_null;

	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 number, &is_null);
}

/* Looks for the contents whose state is not known. */
static void
FindContents(Batch *batch)
{
	Datum	   *hashes = palloc(batch->ncontents * sizeof(Datum));
	int			nhashes = 0;
	Datum		values[1];
	uint64		nrows;

	for (int i = 0; i < batch->ncontents; i++)
	{
		Content    *content = &batch->contents[i];

		if (content->state != CONTENT_UNKNOWN)
			continue;
		content->state = CONTENT_ABSENT;
		hashes[nhashes++] = CStringGetTextDatum(content->documents[0]->hash);
	}
	if (nhashes == 0)
		return;

	values[0] = PointerGetDatum(construct_array(hashes, nhashes, TEXTOID,
												-1, false, TYPALIGN_INT));
	nrows = RunStatement(batch->schema, STATEMENT_FIND, values, NULL);
	for (uint64 row = 0; row < nrows; row++)
	{
		Content    *content = FindContent(batch,
										  TextDatumGetCString(ResultColumn(row, 2)));
		char	   *status = TextDatumGetCString(ResultColumn(row, 3));

		content->document_id = DatumGetInt64(ResultColumn(row, 1));
		content->state = strcmp(status, "success") == 0 ?
			CONTENT_STORED : CONTENT_UNFINISHED;
		content->size = DatumGetInt64(ResultColumn(row, 4));
	}
}

/*
 * A hash that was given with another size than it has in documents: one of
 * the two is wrong.
 */
static void
CheckSize(const Content *content, const Document *document)
{
	if (document->hash_was_given && document->size != content->size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file_size_bytes " INT64_FORMAT " does not match the document with the same hash",
						document->size),
				 errdetail("Document " INT64_FORMAT " has file_hash %s and " INT64_FORMAT " bytes.",
						   content->document_id, document->hash,
						   content->size),
				 errhint("Two contents with one SHA-256 are not known: check how hash and size were computed.")));
}

/* Returns one parameter of the insert: an array of a value of each document. */
static Datum
ColumnArray(Document **documents, int ndocuments, DocumentField field)
{
	Datum	   *values = palloc(ndocuments * sizeof(Datum));
	bool	   *nulls = palloc(ndocuments * sizeof(bool));
	int			lower_bound = 1;

	for (int i = 0; i < ndocuments; i++)
	{
		values[i] = documents[i]->fields[field].value;
		nulls[i] = documents[i]->fields[field].isnull;
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, &ndocuments,
											  &lower_bound,
											  field == FIELD_METADATA ?
											  JSONOID : TEXTOID,
											  -1, false, TYPALIGN_INT));
}

/* Runs the insert of these documents; its result has those that went in. */
static uint64
InsertDocuments(Batch *batch, Document **documents, int ndocuments)
{
	Datum	   *sizes = palloc(ndocuments * sizeof(Datum));
	Datum	   *hashes = palloc(ndocuments * sizeof(Datum));
	Datum		values[9];

	for (int i = 0; i < ndocuments; i++)
	{
		sizes[i] = Int64GetDatum(documents[i]->size);
		hashes[i] = CStringGetTextDatum(documents[i]->hash);
	}
	values[0] = ColumnArray(documents, ndocuments, FIELD_NAME);
	values[1] = PointerGetDatum(construct_array(sizes, ndocuments, INT8OID,
												sizeof(int64), FLOAT8PASSBYVAL,
												TYPALIGN_DOUBLE));
	values[2] = PointerGetDatum(construct_array(hashes, ndocuments, TEXTOID,
												-1, false, TYPALIGN_INT));
	values[3] = ColumnArray(documents, ndocuments, FIELD_TYPE);
	values[4] = ColumnArray(documents, ndocuments, FIELD_SOURCE);
	values[5] = ColumnArray(documents, ndocuments, FIELD_TEXT);
	values[6] = ColumnArray(documents, ndocuments, FIELD_METADATA);
	values[7] = ColumnArray(documents, ndocuments, FIELD_STATUS);
	values[8] = ColumnArray(documents, ndocuments, FIELD_MESSAGE);
	return RunStatement(batch->schema, STATEMENT_INSERT, values, NULL);
}

/*
 * Inserts the first document of every absent content.  Those that another
 * session inserts at the same moment are left unknown.
 */
static void
InsertAbsent(Batch *batch)
{
	Document  **documents = palloc(batch->ncontents * sizeof(Document *));
	int			ndocuments = 0;
	uint64		nrows;

	for (int i = 0; i < batch->ncontents; i++)
	{
		Content    *content = &batch->contents[i];

		if (content->state != CONTENT_ABSENT)
			continue;
		content->state = CONTENT_UNKNOWN;
		documents[ndocuments++] = NextDocument(content);
	}
	if (ndocuments == 0)
		return;

	nrows = InsertDocuments(batch, documents, ndocuments);
	for (uint64 row = 0; row < nrows; row++)
	{
		Content    *content = FindContent(batch,
										  TextDatumGetCString(ResultColumn(row, 2)));

		/* A user's trigger may have given the row another hash. */
		if (content == NULL)
			continue;
		content->document_id = DatumGetInt64(ResultColumn(row, 1));
		content->size = NextDocument(content)->size;
		SettleDocument(content);
	}
}

/*
 * A success of a content that had failed before: the row takes it over.
 * Returns the number of rows updated, 0 where it is gone or healed meanwhile.
 */
static uint64
HealDocument(Batch *batch, Content *content)
{
	Document   *document = NextDocument(content);
	Datum		values[3];
	char		nulls[3] = {' ', ' ', ' '};

	values[0] = Int64GetDatum(content->document_id);
	values[1] = document->fields[FIELD_TEXT].value;
	values[2] = document->fields[FIELD_METADATA].value;
	if (document->fields[FIELD_TEXT].isnull)
		nulls[1] = 'n';
	if (document->fields[FIELD_METADATA].isnull)
		nulls[2] = 'n';
	return RunStatement(batch->schema, STATEMENT_HEAL, values, nulls);
}

/*
 * One more failure of a content that had failed before: its message, if it
 * has one, takes the place of the former.  Returns as HealDocument().
 */
static uint64
FailAgain(Batch *batch, Content *content)
{
	NullableDatum message = NextDocument(content)->fields[FIELD_MESSAGE];
	Datum		values[2];
	char		nulls[2] = {' ', message.isnull ? 'n' : ' '};

	values[0] = Int64GetDatum(content->document_id);
	values[1] = message.value;
	return RunStatement(batch->schema, STATEMENT_FAIL_AGAIN, values, nulls);
}

/* Settles documents of contents that are there but not as a success. */
static void
UpdateUnfinished(Batch *batch)
{
	for (int i = 0; i < batch->ncontents; i++)
	{
		Content    *content = &batch->contents[i];
		Document   *document;

		while (content->state == CONTENT_UNFINISHED &&
			   (document = NextDocument(content)) != NULL)
		{
			uint64		nrows;

			CheckSize(content, document);
			nrows = IsSuccess(document) ? HealDocument(batch, content) :
				FailAgain(batch, content);
			if (nrows == 0)
				content->state = CONTENT_UNKNOWN;
			else
			{
				document->duplicate_count = DatumGetInt64(ResultColumn(0, 1));
				SettleDocument(content);
			}
			SPI_freetuptable(SPI_tuptable);
		}
	}
}

/* Notes what became of duplicates, now that hash_index has counted them all. */
static void
SettleDuplicates(Content *content, int64 document_id, int64 count)
{
	for (int i = content->nsettled; i < content->ndocuments; i++)
	{
		Document   *document = content->documents[i];

		document->document_id = document_id;
		document->is_duplicate = true;
		document->duplicate_count = count - (content->ndocuments - 1 - i);
	}
	content->is_counted = true;
}

/*
 * Counts the duplicates of a content.  Where its document was deleted in the
 * meantime, it is unknown again.
 */
static void
CountDuplicates(Batch *batch, Content *content)
{
	Datum		values[2];

	for (int i = content->nsettled; i < content->ndocuments; i++)
		CheckSize(content, content->documents[i]);

	values[0] = CStringGetTextDatum(content->documents[0]->hash);
	values[1] = Int32GetDatum(content->ndocuments - content->nsettled);
	if (RunStatement(batch->schema, STATEMENT_COUNT, values, NULL) == 0)
		content->state = CONTENT_UNKNOWN;
	else
		SettleDuplicates(content, DatumGetInt64(ResultColumn(0, 1)),
						 DatumGetInt64(ResultColumn(0, 2)));
	SPI_freetuptable(SPI_tuptable);
}

/* Returns the first content that is not settled; NULL where all are. */
static Content *
FirstUnsettled(Batch *batch)
{
	for (int i = 0; i < batch->ncontents; i++)
	{
		Content    *content = &batch->contents[i];

		if (!content->is_counted && NextDocument(content) != NULL)
			return content;
	}
	return NULL;
}

/* Tells whether a content has yet to be found or inserted. */
static bool
HasUnknown(Batch *batch)
{
	for (int i = 0; i < batch->ncontents; i++)
		if (batch->contents[i].state == CONTENT_UNKNOWN)
			return true;
	return false;
}

/* Reports a content that can neither be found nor inserted. */
static void
ReportStuck(const Content *content)
{
	const Document *document = content->documents[content->nsettled];

	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("document \"%s\" could not be stored",
					TextDatumGetCString(document->fields[FIELD_NAME].value)),
			 errdetail("After %d attempts its content, with file_hash %s, is neither in documents and hash_index nor could it be inserted.",
					   MAX_ATTEMPTS, document->hash),
			 errhint("Look for a trigger that suppresses or changes rows of documents or hash_index, and for a document without its row in hash_index.")));
}

/* Brings every content into documents, or finds it there. */
static void
StoreContents(Batch *batch, int *attempts)
{
	while (HasUnknown(batch))
	{
		if ((*attempts)++ == MAX_ATTEMPTS)
			ReportStuck(FirstUnsettled(batch));
		FindContents(batch);
		InsertAbsent(batch);
		UpdateUnfinished(batch);
	}
}

/*
 * Ingests documents that CheckDocument() has passed, and notes in each what
 * became of it.  Runs with the caller's rights to call us, and the tables'
 * owner's on the tables.
 */
void
IngestBatch(Oid schema, Document *documents, int ndocuments)
{
	Batch		batch = {.schema = schema};
	int			attempts = 0;

	SPI_connect();
	GroupDocuments(&batch, documents, ndocuments);
	while (FirstUnsettled(&batch) != NULL)
	{
		StoreContents(&batch, &attempts);
		for (int i = 0; i < batch.ncontents; i++)
		{
			Content    *content = &batch.contents[i];

			if (!content->is_counted && NextDocument(content) != NULL)
				CountDuplicates(&batch, content);
		}
	}
	SPI_finish();
}
