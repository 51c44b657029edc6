/*
 * document_inbox.c
 *		Triggers of document_inbox, a view that ingests what is inserted into it.
 *
 * They collect a statement's rows and ingest them in batches of work_mem.  So a
 * statement of any length takes the same memory.  The larger a batch, the more of
 * its hashes are on the same index page.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "../access/columns.h"
#include "../compat.h"
#include "../ingest/bad_documents.h"
#include "../tables/locations.h"
#include "trigger.h"

PG_FUNCTION_INFO_V1(document_inbox_before_insert);
PG_FUNCTION_INFO_V1(document_inbox_insert);
PG_FUNCTION_INFO_V1(document_inbox_after_insert);

/* How many documents of a batch there is room for at first. */
#define INITIAL_CAPACITY 16

/* What an INSERT or COPY into document_inbox has brought so far. */
typedef struct Inbox
{
	struct Inbox *outer;		/* of the statement that called this one */
	SubTransactionId subtransaction;
	Ledger		ledger;
	MemoryContext context;		/* holds the inbox */
	MemoryContext batch_context;	/* holds the documents' values */
	AttrNumber	content;		/* columns of the view */
	AttrNumber	fields[NUMBER_OF_FIELDS];
	AttrNumber	location;		/* invalid below 1.2, like the next two */
	AttrNumber	modified_at;
	AttrNumber	fingerprint;
	FieldLimits limits;
	Document   *documents;		/* the batch; the array serves all batches */
	int			ndocuments;
	int			capacity;		/* of the array */
	int64		nrows;			/* of the statement, so far */
} Inbox;

static Inbox *current_inbox = NULL;

/* Raises 55000: there are rows without the triggers around them. */
static void
ReportLostTriggers(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("document_inbox has lost its statement triggers"),
			 errhint("The extension creates all the triggers that it needs. A statement must not change session_replication_role.")));
}

/* Frees the inboxes of a subtransaction that aborts. */
static void
AtSubTransactionEnd(SubXactEvent event, SubTransactionId subtransaction,
					SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (current_inbox != NULL &&
		   current_inbox->subtransaction >= subtransaction)
	{
		MemoryContext context = current_inbox->context;

		current_inbox = current_inbox->outer;
		MemoryContextDelete(context);
	}
}

/* The same for a transaction.  One that commits must have none left. */
static void
AtTransactionEnd(XactEvent event, void *arg)
{
	if ((event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE) &&
		current_inbox != NULL)
		ReportLostTriggers();
	if (event == XACT_EVENT_ABORT)
		current_inbox = NULL;
}

/* Looks up the view's columns. */
static void
FindColumns(Inbox *inbox, TupleDesc desc)
{
	const char *view = "document_inbox";

	inbox->content = ColumnNumber(desc, view, "content", COLUMN_BYTES);
	for (int i = 0; i < NUMBER_OF_FIELDS; i++)
		inbox->fields[i] = ColumnNumber(desc, view, FieldName(i),
										i == FIELD_METADATA ? COLUMN_JSON :
										COLUMN_TEXT);
	if (!HasLocations(&inbox->ledger))
		return;
	inbox->location = ColumnNumber(desc, view, "location", COLUMN_TEXT);
	inbox->modified_at = ColumnNumber(desc, view, "modified_at",
									  COLUMN_INSTANT);
	inbox->fingerprint = ColumnNumber(desc, view, "fingerprint", COLUMN_TEXT);
}

/* BEFORE INSERT statement trigger: opens an inbox for the statement's rows. */
Datum
document_inbox_before_insert(PG_FUNCTION_ARGS)
{
	static bool is_registered = false;
	TriggerData *trigdata = CheckTrigger(fcinfo, "document_inbox_before_insert",
										 "document_inbox",
										 TRIGGER_EVENT_INSERT |
										 TRIGGER_EVENT_BEFORE);
	MemoryContext context;
	Inbox	   *inbox;

	if (!is_registered)
	{
		RegisterXactCallback(AtTransactionEnd, NULL);
		RegisterSubXactCallback(AtSubTransactionEnd, NULL);
		is_registered = true;
	}
	context = AllocSetContextCreate(CurTransactionContext,
									"doc_extractor inbox",
									ALLOCSET_DEFAULT_SIZES);
	inbox = MemoryContextAllocZero(context, sizeof(Inbox));
	inbox->context = context;
	inbox->batch_context = AllocSetContextCreate(context,
												 "doc_extractor inbox batch",
												 ALLOCSET_DEFAULT_SIZES);
	inbox->subtransaction = GetCurrentSubTransactionId();
	inbox->ledger = GetLedgerToWrite(fcinfo);
	FindColumns(inbox, RelationGetDescr(trigdata->tg_relation));
	inbox->outer = current_inbox;
	current_inbox = inbox;
	return PointerGetDatum(NULL);
}

/* Ingests the batch. */
static void
Flush(Inbox *inbox)
{
	MemoryContext old;

	if (inbox->ndocuments == 0)
		return;
	old = MemoryContextSwitchTo(inbox->batch_context);
	IngestAccepted(&inbox->ledger, inbox->documents, inbox->ndocuments);
	MemoryContextSwitchTo(old);
	MemoryContextReset(inbox->batch_context);
	inbox->ndocuments = 0;
}

/*
 * Returns a text or json value of a row, copied into the current memory context.  A
 * value that is stored out of line is fetched, as it may be gone when the batch is
 * ingested: a function may refill its table for each row.
 */
static NullableDatum
TakeValue(HeapTuple row, TupleDesc desc, AttrNumber column)
{
	NullableDatum value;
	struct varlena *bytes;

	value.value = heap_getattr(row, column, desc, &value.isnull);
	if (value.isnull)
		return value;
	bytes = (struct varlena *) DatumGetPointer(value.value);
	value.value = VARATT_IS_EXTERNAL(bytes) ?
		PointerGetDatum(detoast_external_attr(bytes)) :
		datumCopy(value.value, false, -1);
	return value;
}

/* Takes from a row where its document was seen. */
static void
TakeLocation(Inbox *inbox, HeapTuple row, TupleDesc desc, Document *document)
{
	if (inbox->location == InvalidAttrNumber)
		return;
	document->location = TakeValue(row, desc, inbox->location);
	document->fingerprint = TakeValue(row, desc, inbox->fingerprint);
	document->modified_at.value = heap_getattr(row, inbox->modified_at, desc,
											   &document->modified_at.isnull);
}

/* Returns room for one more document of the batch. */
static Document *
NextDocument(Inbox *inbox)
{
	if (inbox->documents == NULL)
	{
		inbox->capacity = INITIAL_CAPACITY;
		inbox->documents = MemoryContextAllocHuge(inbox->context,
												  inbox->capacity * sizeof(Document));
	}
	else if (inbox->ndocuments == inbox->capacity)
	{
		inbox->capacity *= 2;
		inbox->documents = repalloc_huge(inbox->documents,
										 inbox->capacity * sizeof(Document));
	}
	Assert(inbox->ndocuments < inbox->capacity);
	return &inbox->documents[inbox->ndocuments];
}

/* Adds a row to the batch; of its content, only hash and size. */
static void
TakeRow(Inbox *inbox, HeapTuple row, TupleDesc desc)
{
	MemoryContext old = MemoryContextSwitchTo(inbox->batch_context);
	Document   *document = NextDocument(inbox);
	bool		is_null;
	Datum		content = heap_getattr(row, inbox->content, desc, &is_null);

	/* The columns may have changed since the last batch. */
	if (inbox->ndocuments == 0)
		GetFieldLimits(&inbox->ledger, &inbox->limits);
	InitDocument(document, ++inbox->nrows);
	for (int i = 0; i < NUMBER_OF_FIELDS; i++)
		document->fields[i] = TakeValue(row, desc, inbox->fields[i]);
	TakeLocation(inbox, row, desc, document);
	if (!is_null)
		HashContent(document, content);
	AcceptDocument(&inbox->ledger, document, &inbox->limits);
	inbox->ndocuments++;
	MemoryContextSwitchTo(old);
}

/* Returns whether the batch takes work_mem. */
static bool
IsFull(Inbox *inbox)
{
	Size		bytes = inbox->ndocuments * sizeof(Document) +
		MemoryContextMemAllocated(inbox->batch_context, true);

	return bytes >= (Size) work_mem * 1024;
}

/*
 * INSTEAD OF INSERT row trigger: collects the row.  Returns a copy of it, so that
 * the row counts as inserted.  If we returned the row itself, the server would
 * keep a copy, with the content, until the statement ends.
 */
Datum
document_inbox_insert(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Inbox	   *inbox = fcinfo->flinfo->fn_extra;

	/* The check of a statement's first row serves for the others. */
	if (inbox == NULL)
	{
		(void) CheckTrigger(fcinfo, "document_inbox_insert", "document_inbox",
							TRIGGER_EVENT_INSERT | TRIGGER_EVENT_ROW |
							TRIGGER_EVENT_INSTEAD);
		inbox = current_inbox;
		if (inbox == NULL)
			ReportLostTriggers();
		fcinfo->flinfo->fn_extra = inbox;
	}
	TakeRow(inbox, trigdata->tg_trigtuple,
			RelationGetDescr(trigdata->tg_relation));
	if (IsFull(inbox))
		Flush(inbox);
	return PointerGetDatum(heap_copytuple(trigdata->tg_trigtuple));
}

/* AFTER INSERT statement trigger: ingests the rest and closes the inbox. */
Datum
document_inbox_after_insert(PG_FUNCTION_ARGS)
{
	Inbox	   *inbox = current_inbox;

	(void) CheckTrigger(fcinfo, "document_inbox_after_insert", "document_inbox",
						TRIGGER_EVENT_INSERT | TRIGGER_EVENT_AFTER);
	if (inbox == NULL)
		ReportLostTriggers();
	Flush(inbox);
	current_inbox = inbox->outer;
	MemoryContextDelete(inbox->context);
	return PointerGetDatum(NULL);
}
