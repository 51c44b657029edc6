/*
 * ingest.c
 *		The engine: documents in, new rows or counted duplicates out.
 *
 * A batch is grouped by content, and the contents are settled one after the
 * other in the order of their hashes, whether they are inserted or counted.  So
 * all batches take their locks in the same order, and never wait for one while
 * they hold a later one: they cannot deadlock with each other.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "counter.h"
#include "finder.h"
#include "ingest.h"
#include "order.h"
#include "relations.h"
#include "retried.h"
#include "statements.h"
#include "writer.h"

/*
 * How often a content is looked for before we give up.  Other sessions can
 * insert and delete it in between, but hardly time and again.
 */
#define MAX_LOOKUPS 10

/* What is known of a content's row in documents. */
typedef enum ContentState
{
	CONTENT_UNKNOWN,			/* look for it again */
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
	int			nlookups;		/* so far */
	bool		is_new;			/* inserted by batch->writer */
	ContentState state;
	FoundContent *found;		/* as documents has it */
} Content;

/*
 * The columns that an insert sets, in the order of STATEMENT_INSERT's
 * parameters, and what of a document goes in: a field, or one of these.
 */
#define SIZE_COLUMN (-1)
#define HASH_COLUMN (-2)
#define INSERTED_COLUMNS 9
static const struct
{
	const char *name;
	ColumnClass class;
	int			source;
}			inserted_columns[INSERTED_COLUMNS] = {
	{"file_name", COLUMN_TEXT, FIELD_NAME},
	{"file_size_bytes", COLUMN_INTEGER, SIZE_COLUMN},
	{"file_hash", COLUMN_TEXT, HASH_COLUMN},
	{"file_type", COLUMN_TEXT, FIELD_TYPE},
	{"ingestion_source", COLUMN_TEXT, FIELD_SOURCE},
	{"document_text", COLUMN_TEXT, FIELD_TEXT},
	{"metadata_extracted", COLUMN_JSON, FIELD_METADATA},
	{"ingestion_status", COLUMN_TEXT, FIELD_STATUS},
	{"error_message", COLUMN_TEXT, FIELD_MESSAGE}
};

typedef struct Batch
{
	const Ledger *ledger;
	Content    *contents;		/* by hash */
	FoundContent *found;		/* of each */
	int			ncontents;
	Counter    *counter;		/* once it is needed */
	Finder		finder;			/* open with the counter */
	RowWriter  *writer;			/* of documents, once there is a new one */
	AttrNumber	columns[INSERTED_COLUMNS];	/* of the writer */
} Batch;

/* Groups sorted documents by content; none of them is settled. */
static void
GroupDocuments(Batch *batch, Document **sorted, int ndocuments)
{
	Content    *content = NULL;

	batch->contents = palloc_extended(ndocuments * sizeof(Content),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	batch->found = palloc_extended(ndocuments * sizeof(FoundContent),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < ndocuments; i++)
	{
		if (i == 0 ||
			memcmp(sorted[i]->hash, sorted[i - 1]->hash, HASH_DIGITS) != 0)
		{
			content = &batch->contents[batch->ncontents];
			content->documents = &sorted[i];
			content->found = &batch->found[batch->ncontents];
			content->found->hash = sorted[i]->hash;
			batch->ncontents++;
		}
		content->ndocuments++;
		sorted[i]->is_duplicate = false;
		sorted[i]->duplicate_count = 0;
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

	document->document_id = content->found->document_id;
	content->state = IsSuccess(document) ? CONTENT_STORED : CONTENT_UNFINISHED;
	content->nsettled++;
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
			 errdetail("Its content, with file_hash %s, is not in documents and hash_index, and could not be inserted as it is.",
					   document->hash),
			 errhint("Look for a trigger that suppresses or changes rows of documents or hash_index.")));
}

/* Opens what the look-ups and counts need, unless it is open. */
static void
StartFinding(Batch *batch)
{
	if (batch->counter != NULL)
		return;
	batch->counter = OpenCounter(batch->ledger);
	OpenFinder(&batch->finder, batch->ledger, batch->counter);
}

/* Closes it. */
static void
StopFinding(Batch *batch)
{
	if (batch->counter == NULL)
		return;
	CloseFinder(&batch->finder);
	CloseCounter(batch->counter);
	batch->counter = NULL;
}

/* Notes what was found of a content. */
static void
NoteFound(Content *content)
{
	content->nlookups++;
	if (!content->found->is_found)
		content->state = CONTENT_ABSENT;
	else if (content->found->is_success)
		content->state = CONTENT_STORED;
	else
		content->state = CONTENT_UNFINISHED;
}

/* Looks for the contents of a batch. */
static void
LookForContents(Batch *batch)
{
	if (batch->ncontents == 0)
		return;
	StartFinding(batch);
	FindContents(&batch->finder, batch->found, batch->ncontents);
	for (int i = 0; i < batch->ncontents; i++)
		NoteFound(&batch->contents[i]);
}

/* Looks for a content once more, with fresh eyes. */
static void
LookAgain(Batch *batch, Content *content)
{
	if (content->nlookups == MAX_LOOKUPS)
		ReportStuck(content);
	StopFinding(batch);
	StartFinding(batch);
	FindThoroughly(&batch->finder, content->found);
	NoteFound(content);
}

/*
 * A hash that was given with another size than it has in documents: one of
 * the two is wrong.
 */
static void
CheckSize(const Content *content, const Document *document)
{
	if (document->hash_was_given && document->size != content->found->size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file_size_bytes " INT64_FORMAT " does not match the document with the same hash",
						document->size),
				 errdetail("Document " INT64_FORMAT " has file_hash %s and " INT64_FORMAT " bytes.",
						   content->found->document_id, document->hash,
						   content->found->size),
				 errhint("Two contents with one SHA-256 are not known: check how hash and size were computed.")));
}

/* Returns a document's value for one of them. */
static NullableDatum
InsertedValue(const Document *document, int source)
{
	NullableDatum value = {.isnull = false};

	if (source == SIZE_COLUMN)
		value.value = Int64GetDatum(document->size);
	else if (source == HASH_COLUMN)
		value.value = CStringGetTextDatum(document->hash);
	else
		value = document->fields[source];
	return value;
}

/* Sets the columns of a new row. */
static void
FillRow(Batch *batch, const Document *document)
{
	RowWriter  *writer = batch->writer;

	StartRow(writer);
	for (int i = 0; i < INSERTED_COLUMNS; i++)
	{
		NullableDatum value = InsertedValue(document, inserted_columns[i].source);

		if (value.isnull)
		{
			SetNull(writer, batch->columns[i]);
			continue;
		}
		if (inserted_columns[i].source == SIZE_COLUMN)
			value.value = IntegerDatum(document->size,
									   ColumnType(RelationGetDescr(writer->rel),
												  batch->columns[i]));
		SetColumn(writer, batch->columns[i], value.value);
	}
}

/* Opens documents for new rows. */
static void
OpenDocuments(Batch *batch)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	batch->writer = OpenRowWriter(batch->ledger, "documents", true);
	for (int i = 0; i < INSERTED_COLUMNS; i++)
		batch->columns[i] = WriterColumn(batch->writer,
										 inserted_columns[i].name,
										 inserted_columns[i].class);
}

/* Closes documents, whose triggers now derive the other rows. */
static void
CloseDocuments(Batch *batch)
{
	if (batch->writer == NULL)
		return;
	CloseRowWriter(batch->writer);
	batch->writer = NULL;
	PopActiveSnapshot();
}

/*
 * Inserts a document with the statement that waits where another session is
 * inserting the same content: after its commit there is a row, and at
 * REPEATABLE READ an error; after its abort we insert ours.  Returns whether
 * we did.
 */
static bool
InsertPatiently(Batch *batch, Content *content)
{
	const Document *document = NextDocument(content);
	Datum		values[INSERTED_COLUMNS];
	char		nulls[INSERTED_COLUMNS];
	Datum		document_id;

	for (int i = 0; i < INSERTED_COLUMNS; i++)
	{
		NullableDatum value = InsertedValue(document, inserted_columns[i].source);

		values[i] = value.value;
		nulls[i] = value.isnull ? 'n' : ' ';
	}
	if (RunStatement(batch->ledger, STATEMENT_INSERT, values, nulls,
					 &document_id) == 0)
		return false;
	content->found->document_id = DatumGetInt64(document_id);
	return true;
}

/*
 * Notes the row that the writer has just stored.  An error where a user's
 * trigger has given it another hash: its content would never be found again.
 */
static void
NoteNewRow(Batch *batch, Content *content)
{
	RowWriter  *writer = batch->writer;
	Datum		hash = RequiredColumn(writer->slot,
									  WriterColumn(writer, "file_hash",
												   COLUMN_TEXT));

	if (strcmp(TextDatumGetCString(hash), NextDocument(content)->hash) != 0)
		ReportStuck(content);
	content->is_new = true;
	content->found->document_id =
		RequiredInteger(writer->slot,
						WriterColumn(writer, "id", COLUMN_INTEGER));
}

/*
 * Inserts the first document of an absent content.  Where that does not get
 * in, the content is unknown again.
 */
static void
InsertContent(Batch *batch, Content *content)
{
	Document   *document = NextDocument(content);
	RowOutcome	outcome;
	bool		inserted;

	if (batch->writer == NULL)
		OpenDocuments(batch);
	FillRow(batch, document);
	outcome = WriteRow(batch->writer);
	inserted = outcome == ROW_STORED;
	if (inserted)
		NoteNewRow(batch, content);
	else if (outcome == ROW_CONFLICTS)
		inserted = InsertPatiently(batch, content);

	content->state = CONTENT_UNKNOWN;
	if (inserted)
	{
		content->found->size = document->size;
		SettleDocument(content);
	}
}

/*
 * A success of a content that had failed before: the row takes it over.
 * Returns the number of rows updated, 0 where it is gone, healed or has another
 * content meanwhile.
 */
static uint64
HealDocument(Batch *batch, Content *content)
{
	Document   *document = NextDocument(content);
	Datum		values[4];
	char		nulls[4] = {' ', ' ', ' ', ' '};

	values[0] = Int64GetDatum(content->found->document_id);
	values[1] = CStringGetTextDatum(document->hash);
	values[2] = document->fields[FIELD_TEXT].value;
	values[3] = document->fields[FIELD_METADATA].value;
	if (document->fields[FIELD_TEXT].isnull)
		nulls[2] = 'n';
	if (document->fields[FIELD_METADATA].isnull)
		nulls[3] = 'n';
	return RunStatement(batch->ledger, STATEMENT_HEAL, values, nulls, NULL);
}

/*
 * One more failure of a content that had failed before: its message, if it
 * has one, takes the place of the former.  Returns as HealDocument().
 */
static uint64
FailAgain(Batch *batch, Content *content)
{
	Document   *document = NextDocument(content);
	NullableDatum message = document->fields[FIELD_MESSAGE];
	Datum		values[3];
	char		nulls[3] = {' ', ' ', message.isnull ? 'n' : ' '};

	values[0] = Int64GetDatum(content->found->document_id);
	values[1] = CStringGetTextDatum(document->hash);
	values[2] = message.value;
	return RunStatement(batch->ledger, STATEMENT_FAIL_AGAIN, values, nulls,
						NULL);
}

/* Returns how often a content came again. */
static int64
GetCount(Batch *batch, const char *hash)
{
	Datum		values[1];
	Datum		count;

	values[0] = CStringGetTextDatum(hash);
	return RunStatement(batch->ledger, STATEMENT_GET_COUNT, values, NULL,
						&count) > 0 ? DatumGetInt64(count) : 0;
}

/* Settles the next document of a content that is there but not as a success. */
static void
UpdateUnfinished(Batch *batch, Content *content)
{
	Document   *document = NextDocument(content);
	uint64		nrows;

	CheckSize(content, document);
	nrows = IsSuccess(document) ? HealDocument(batch, content) :
		FailAgain(batch, content);
	if (nrows == 0)
		content->state = CONTENT_UNKNOWN;
	else
	{
		document->duplicate_count = GetCount(batch, document->hash);
		SettleDocument(content);
	}
}

/* Notes what became of duplicates, now that hash_index has counted them all. */
static void
SettleDuplicates(Content *content, int64 count)
{
	for (int i = content->nsettled; i < content->ndocuments; i++)
	{
		Document   *document = content->documents[i];

		document->document_id = content->found->document_id;
		document->is_duplicate = true;
		document->duplicate_count = count - (content->ndocuments - 1 - i);
	}
	content->nsettled = content->ndocuments;
}

/*
 * Gives a document that is there its hash_index row back, which somebody must
 * have removed.  Does nothing where the document has gone, or has got another
 * hash, in the meantime.
 */
static void
RestoreHash(Batch *batch, Content *content)
{
	const char *hash = content->documents[0]->hash;
	Datum		values[2];
	Datum		found;

	values[0] = Int64GetDatum(content->found->document_id);
	if (RunStatement(batch->ledger, STATEMENT_LOCK_DOCUMENT, values, NULL,
					 &found) == 0 ||
		strcmp(TextDatumGetCString(found), hash) != 0)
		return;
	values[0] = CStringGetTextDatum(hash);
	values[1] = Int64GetDatum(content->found->document_id);
	RunStatement(batch->ledger, STATEMENT_TAKE_OVER_HASH, values, NULL, NULL);
}

/*
 * Counts the rest of a content's documents as duplicates.  Where the document
 * has no row in hash_index, it was probably deleted in the meantime: then the
 * content is unknown again.
 */
static void
CountRest(Batch *batch, Content *content)
{
	int64		count;

	for (int i = content->nsettled; i < content->ndocuments; i++)
		CheckSize(content, content->documents[i]);

	StartFinding(batch);
	if (CountDuplicates(batch->counter, content->documents[0]->hash,
						content->found->document_id, &content->found->counted_at,
						content->ndocuments - content->nsettled, &count))
	{
		SettleDuplicates(content, count);
		return;
	}
	/* Once more, and it is no coincidence. */
	if (content->nlookups > 1)
		RestoreHash(batch, content);
	content->state = CONTENT_UNKNOWN;
}

/*
 * Settles the documents of a content.  After a new row that is its first one
 * only: what follows on it has to come after what is derived from it.
 */
static void
SettleContent(Batch *batch, Content *content)
{
	while (NextDocument(content) != NULL &&
		   !(content->is_new && batch->writer != NULL))
	{
		CHECK_FOR_INTERRUPTS();
		switch (content->state)
		{
			case CONTENT_UNKNOWN:
				LookAgain(batch, content);
				break;
			case CONTENT_ABSENT:
				InsertContent(batch, content);
				break;
			case CONTENT_UNFINISHED:
				UpdateUnfinished(batch, content);
				break;
			case CONTENT_STORED:
				CountRest(batch, content);
		}
	}
}

/*
 * Settles the contents one after the other, in the order of their hashes.
 * Returns whether that is all, or documents are left that come after what was
 * derived from new rows.
 */
static bool
SettleContents(Batch *batch)
{
	bool		settled = true;

	for (int i = 0; i < batch->ncontents; i++)
	{
		SettleContent(batch, &batch->contents[i]);
		settled &= NextDocument(&batch->contents[i]) == NULL;
	}
	StopFinding(batch);
	CloseDocuments(batch);
	return settled;
}

/*
 * Ingests documents in which HasProblem() has found none, all or nothing, and
 * notes in each what became of it; they come sorted.  Runs with the caller's
 * rights to call us, and the tables' owner's on the tables.
 */
void
IngestSorted(const Ledger *ledger, Document **documents, int ndocuments)
{
	Batch		batch = {.ledger = ledger};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "doc_extractor batch",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	CallerIdentity caller;

	BecomeOwner(ledger, LedgerTable(ledger, "documents"), &caller);
	GroupDocuments(&batch, documents, ndocuments);
	LookForContents(&batch);
	/* Nobody else sees the new rows yet: what follows on them needs no order. */
	while (!SettleContents(&batch))
		continue;
	MarkRetried(ledger, documents, ndocuments);
	/* A batch around this one must not take our rows for its own. */
	CommandCounterIncrement();
	BecomeCaller(&caller);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* The same for documents in any order; passes over those in error_log. */
void
IngestBatch(const Ledger *ledger, Document *documents, int ndocuments)
{
	int			nsorted;
	Document  **sorted = SortDocuments(documents, ndocuments, &nsorted);

	IngestSorted(ledger, sorted, nsorted);
	pfree(sorted);
}
