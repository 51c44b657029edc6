/*
 * derived_rows.c
 *		The rows of hash_index and audit_log that follow from new documents.
 *
 * Nothing else writes them, whether a document comes by our functions or by INSERT.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "../access/columns.h"
#include "derived_rows.h"
#include "documents.h"

/*
 * Opens both tables for the rows of new documents, until CloseDerivedRows().
 * "documents" is the row type.  The caller has switched to the owner of documents.
 * With CONFLICT_ERROR, hash_index rows are inserted many at a time, and a hash that
 * is there already can be an error; with CONFLICT_SKIP it never is.
 */
void
OpenDerivedRows(DerivedRows *rows, const Ledger *ledger, TupleDesc documents,
				ConflictAction conflict_action)
{
	rows->id = ColumnNumber(documents, "documents", "id", COLUMN_INTEGER);
	rows->file_hash = ColumnNumber(documents, "documents", "file_hash",
								   COLUMN_TEXT);
	OpenHashWriter(&rows->hashes, ledger, conflict_action);
	OpenDocumentTrail(&rows->trail, ledger, documents);
	rows->row_context = AllocSetContextCreate(CurrentMemoryContext,
											  "doc_extractor derived row",
											  ALLOCSET_SMALL_SIZES);
}

/* Writes the hash_index row of a new document. */
static void
DeriveHash(HashWriter *writer, Datum hash, int64 id)
{
	uint64		changes = HashChanges();

	/* A user's trigger may have changed or deleted the document. */
	if (changes > 0)
		hash = LockDocument(writer->ledger, id);
	if (hash == (Datum) 0)
		return;
	InsertHash(writer, hash, id);
	/* So may a trigger of hash_index. */
	if (HashChanges() != changes)
		FollowDocument(writer->ledger, hash, id);
}

/* Writes the rows of new documents, given their rows. */
void
DeriveRows(DerivedRows *rows, TupleTableSlot **documents, int ndocuments)
{
	for (int i = 0; i < ndocuments; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(rows->row_context);

		DeriveHash(&rows->hashes,
				   RequiredColumn(documents[i], rows->file_hash),
				   RequiredInteger(documents[i], rows->id));
		MemoryContextSwitchTo(old);
		MemoryContextReset(rows->row_context);
	}
	/* A user's trigger of audit_log finds the documents in hash_index. */
	if (rows->hashes.rows != NULL)
		FlushRows(rows->hashes.rows);
	for (int i = 0; i < ndocuments; i++)
		AuditInsert(&rows->trail, documents[i]);
}

/* Closes both tables. */
void
CloseDerivedRows(DerivedRows *rows)
{
	CloseDocumentTrail(&rows->trail);
	CloseHashWriter(&rows->hashes);
	MemoryContextDelete(rows->row_context);
}
