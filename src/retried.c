/*
 * retried.c
 *		Failures that a later success has made up for.
 *
 * error_log has them by file name.  Most ingestions find nothing there, so they
 * look before they write.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "lookup.h"
#include "retried.h"
#include "statements.h"

/*
 * Returns 1.1's index of the rows of error_log that were not tried again, by
 * file name; InvalidOid where there is none.
 */
static Oid
OpenErrorsIndex(const Ledger *ledger, Relation error_log)
{
	Oid			found = get_relname_relid("ix_error_log_file_name",
										  ledger->schema);
	Relation	index;
	bool		is_by_text;

	if (!list_member_oid(RelationGetIndexList(error_log), found))
		return InvalidOid;
	/* Somebody may have given the name to another index. */
	index = index_open(found, AccessShareLock);
	is_by_text = index->rd_rel->relam == BTREE_AM_OID &&
		index->rd_opcintype[0] == TEXTOID;
	index_close(index, AccessShareLock);
	return is_by_text ? found : InvalidOid;
}

/* Sorts documents by position. */
static int
ComparePositions(const void *a, const void *b)
{
	const Document *left = *(Document *const *) a;
	const Document *right = *(Document *const *) b;

	return left->position < right->position ? -1 : 1;
}

/*
 * Returns those of the documents that succeeded where their file name has
 * failed before; "nfound" is their number.
 */
static Document **
FindRetried(const Ledger *ledger, Relation error_log, Document **documents,
			int ndocuments, int *nfound)
{
	Oid			index = OpenErrorsIndex(ledger, error_log);
	Document  **found = NULL;
	Lookup		lookup;

	*nfound = 0;
	if (!OidIsValid(index))
		return NULL;
	OpenLookup(&lookup, error_log, index);
	for (int i = 0; i < ndocuments; i++)
	{
		Document   *document = documents[i];

		if (!IsSuccess(document) ||
			LookUp(&lookup, document->fields[FIELD_NAME].value) == NULL)
			continue;
		if (found == NULL)
			found = palloc_extended(ndocuments * sizeof(Document *),
									MCXT_ALLOC_HUGE);
		found[(*nfound)++] = document;
	}
	CloseLookup(&lookup);
	return found;
}

/* Marks the failures of one document's file name. */
static void
MarkFileName(const Ledger *ledger, const Document *document)
{
	char	   *note = psprintf("ingested as document " INT64_FORMAT,
								document->document_id);
	Datum		values[2];

	values[0] = document->fields[FIELD_NAME].value;
	values[1] = CStringGetTextDatum(note);
	RunStatement(ledger, STATEMENT_MARK_RETRIED, values, NULL, NULL);
}

/*
 * Marks the rows of error_log with the file names of documents that have now
 * succeeded.
 */
void
MarkRetried(const Ledger *ledger, Document **documents, int ndocuments)
{
	Relation	error_log = OpenLedgerTable(ledger, "error_log",
											AccessShareLock);
	Document  **found = NULL;
	int			nfound = 0;

	if (RelationGetNumberOfBlocks(error_log) > 0)
		found = FindRetried(ledger, error_log, documents, ndocuments, &nfound);
	table_close(error_log, NoLock);
	if (nfound == 0)
		return;
	/* Of those with one name, the first has made up for its failures. */
	qsort(found, nfound, sizeof(Document *), ComparePositions);
	for (int i = 0; i < nfound; i++)
		MarkFileName(ledger, found[i]);
}
