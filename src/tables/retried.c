/*
 * retried.c
 *		Failures in error_log of documents that have now succeeded.
 *
 * A failure is of the same file if it has the same source and location, or the same
 * hash, or, where it has neither location nor hash, the same name.  Below 1.2, no
 * failure has them.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "../access/columns.h"
#include "../access/index_search.h"
#include "../access/statements.h"
#include "../access/table_shape.h"
#include "error_log.h"
#include "retried.h"

/* An index, on a text, of failures whose files were not tried again. */
typedef struct FailureIndex
{
	const char *name;
	Oid			access_method;
} FailureIndex;

static const FailureIndex by_name_only = {"ix_error_log_file_name", BTREE_AM_OID};
static const FailureIndex by_name = {"ix_error_log_unidentified", BTREE_AM_OID};
static const FailureIndex by_hash = {"ix_error_log_file_hash", BTREE_AM_OID};
static const FailureIndex by_location = {"ix_error_log_location", HASH_AM_OID};

/* The documents of a batch, and which of them may have failures. */
typedef struct Retried
{
	const Ledger *ledger;
	Relation	error_log;
	List	   *indexes;		/* of error_log, OIDs */
	bool		by_identity;	/* since 1.2 */
	Document  **documents;
	int			ndocuments;
	bool	   *is_found;		/* NULL: none is */
} Retried;

/* Returns whether an index has never had an entry, if that is known at once. */
static bool
IsNew(Relation index)
{
	return index->rd_rel->relam == BTREE_AM_OID &&
		RelationGetNumberOfBlocks(index) <= BTREE_METAPAGE + 1;
}

/* Returns an index of failures, or InvalidOid if there is none, or none in it. */
static Oid
FindFailureIndex(const Retried *retried, const FailureIndex *wanted)
{
	Oid			found = get_relname_relid(wanted->name, retried->ledger->schema);
	Relation	index;
	bool		is_as_wanted;

	if (!list_member_oid(retried->indexes, found))
		return InvalidOid;
	/* A user may have given this name to another index.  Its lock stays. */
	index = index_open(found, AccessShareLock);
	is_as_wanted = index->rd_rel->relam == wanted->access_method &&
		index->rd_opcintype[0] == TEXTOID &&
		!HasUsersOperators(index->rd_indextuple) && !IsNew(index);
	index_close(index, NoLock);
	return is_as_wanted ? found : InvalidOid;
}

/* Returns whether a column of a row is a given text. */
static bool
HasText(TupleTableSlot *row, AttrNumber column, Datum value)
{
	bool		is_null;
	Datum		stored = slot_getattr(row, column, &is_null);

	return !is_null &&
		DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, stored,
											 value));
}

/*
 * Returns whether there is a failure at the document's source and location.  The
 * index finds locations with the same hash code, of any source.
 */
static bool
HasFailedThere(IndexSearch *search, const Document *document)
{
	TupleDesc	desc = RelationGetDescr(search->rel);
	AttrNumber	source = ColumnNumber(desc, "error_log", "ingestion_source",
									  COLUMN_TEXT);
	AttrNumber	location = ColumnNumber(desc, "error_log", "location",
										COLUMN_TEXT);
	TupleTableSlot *row;

	if (document->location.isnull)
		return false;
	for (row = SearchIndex(search, document->location.value); row != NULL;
		 row = SearchNext(search))
		if (HasText(row, location, document->location.value) &&
			HasText(row, source, document->fields[FIELD_SOURCE].value))
			return true;
	return false;
}

/* Returns whether an index has a failure of a document. */
static bool
HasFailed(IndexSearch *search, const FailureIndex *index,
		  const Document *document)
{
	if (index == &by_location)
		return HasFailedThere(search, document);
	if (index == &by_hash)
		return SearchIndexForHash(search, document->hash) != NULL;
	return SearchIndex(search, document->fields[FIELD_NAME].value) != NULL;
}

/* Finds those successes among the documents that have failures in an index. */
static void
FindFailures(Retried *retried, const FailureIndex *wanted)
{
	Oid			index = FindFailureIndex(retried, wanted);
	IndexSearch search;

	if (!OidIsValid(index))
		return;
	OpenIndexSearch(&search, retried->error_log, index);
	for (int i = 0; i < retried->ndocuments; i++)
	{
		if (!IsSuccess(retried->documents[i]) ||
			!HasFailed(&search, wanted, retried->documents[i]))
			continue;
		if (retried->is_found == NULL)
			retried->is_found = palloc_extended(retried->ndocuments,
												MCXT_ALLOC_HUGE |
												MCXT_ALLOC_ZERO);
		retried->is_found[i] = true;
	}
	CloseIndexSearch(&search);
}

/* Finds the documents that may have failures, by all indexes. */
static void
FindRetried(Retried *retried)
{
	if (!retried->by_identity)
	{
		FindFailures(retried, &by_name_only);
		return;
	}
	if (HaveLocations(retried->documents, retried->ndocuments))
		FindFailures(retried, &by_location);
	FindFailures(retried, &by_hash);
	FindFailures(retried, &by_name);
}

/* Marks the failures of a document. */
static void
MarkDocument(const Retried *retried, const Document *document)
{
	char	   *note = psprintf("ingested as document " INT64_FORMAT,
								document->document_id);
	Datum		values[5];
	char		nulls[5] = {' ', ' ', ' ', ' ', ' '};

	values[0] = document->fields[FIELD_NAME].value;
	values[1] = CStringGetTextDatum(note);
	values[2] = CStringGetTextDatum(document->hash);
	values[3] = document->fields[FIELD_SOURCE].value;
	values[4] = document->location.value;
	if (document->location.isnull)
		nulls[4] = 'n';
	RunStatement(retried->ledger, retried->by_identity ?
				 STATEMENT_MARK_RETRIED : STATEMENT_MARK_RETRIED_1_1, values,
				 nulls, NULL);
}

/* Sorts documents by their position in the batch. */
static int
ComparePositions(const void *a, const void *b)
{
	const Document *left = *(Document *const *) a;
	const Document *right = *(Document *const *) b;

	return left->position < right->position ? -1 : 1;
}

/* Marks the failures of the documents that were found. */
static void
MarkFound(const Retried *retried)
{
	Document  **found = palloc_extended(retried->ndocuments * sizeof(Document *),
										MCXT_ALLOC_HUGE);
	int			nfound = 0;

	for (int i = 0; i < retried->ndocuments; i++)
		if (retried->is_found[i])
			found[nfound++] = retried->documents[i];
	/* If several have the same failure, the first one is noted. */
	qsort(found, nfound, sizeof(Document *), ComparePositions);
	for (int i = 0; i < nfound; i++)
		MarkDocument(retried, found[i]);
}

/*
 * Marks the failures of documents that have now succeeded.  Most ingestions find
 * none, so we search before we write.
 */
void
MarkRetried(const Ledger *ledger, Document **documents, int ndocuments)
{
	Retried		retried = {
		.ledger = ledger, .documents = documents, .ndocuments = ndocuments
	};

	retried.error_log = OpenLedgerTable(ledger, "error_log", AccessShareLock);
	if (RelationGetNumberOfBlocks(retried.error_log) > 0)
	{
		retried.by_identity = IdentifiesFailures(ledger);
		retried.indexes = RelationGetIndexList(retried.error_log);
		FindRetried(&retried);
	}
	table_close(retried.error_log, NoLock);
	if (retried.is_found != NULL)
		MarkFound(&retried);
}
