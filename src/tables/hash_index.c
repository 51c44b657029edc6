/*
 * hash_index.c
 *		Rows of hash_index: insert, follow a document, delete, restore.
 *
 * A row says which document has a hash.  documents is the source: a row follows
 * its document, by the triggers of that table.  Rows are found by their hash,
 * as document_id has no index.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "../access/insert_statement.h"
#include "../compat.h"
#include "../lib/sha256.h"
#include "documents.h"
#include "duplicate_count.h"
#include "hash_index.h"

/*
 * Finds the row of a hash.  Sets its document and its count.  Returns false if there
 * is none.
 */
bool
GetHashRow(const Ledger *ledger, Datum hash, int64 *document_id, int64 *count)
{
	Datum		values[1];
	Datum		results[2];

	values[0] = hash;
	if (RunStatement(ledger, STATEMENT_GET_HASH, values, NULL, results) == 0)
		return false;
	*document_id = DatumGetInt64(results[0]);
	*count = DatumGetInt64(results[1]);
	return true;
}

/* The columns that a row sets, in the order of the statement's parameters. */
enum
{
	HASH_FILE_HASH,
	HASH_DOCUMENT,
	HASH_COLUMNS
};
static const ColumnName hash_columns[HASH_COLUMNS] = {
	[HASH_FILE_HASH] = {"file_hash", COLUMN_TEXT},
	[HASH_DOCUMENT] = {"document_id", COLUMN_INTEGER}
};

/*
 * Opens hash_index for the rows of new documents, until CloseHashWriter().  The
 * caller has switched to the owner of documents.  With CONFLICT_ERROR, a row that is
 * there already is an error if rows are written directly.
 */
void
OpenHashWriter(HashWriter *writer, const Ledger *ledger,
			   ConflictAction conflict_action)
{
	writer->ledger = ledger;
	writer->rows = OpenRowWriter(ledger, "hash_index", conflict_action,
								 hash_columns, HASH_COLUMNS);
}

/* Inserts a row by statement.  Arguments and result as InsertByStatement()'s. */
static InsertResult
InsertHashByStatement(const Ledger *ledger, Datum *values, bool insist)
{
	static const InsertStatements statements = {
		"hash_index", STATEMENT_INSERT_HASH, STATEMENT_INSERT_NEW_HASH, true
	};

	return InsertByStatement(ledger, &statements, insist, values, NULL, NULL);
}

/* Inserts a row.  For "insist" see InsertByStatement(). */
static InsertResult
TryInsertHash(HashWriter *writer, Datum hash, int64 document_id, bool insist)
{
	Datum		values[HASH_COLUMNS] = {
		[HASH_FILE_HASH] = hash,
		[HASH_DOCUMENT] = Int64GetDatum(document_id)
	};

	if (writer->rows == NULL)
		return InsertHashByStatement(writer->ledger, values, insist);
	StartRow(writer->rows);
	for (int i = 0; i < HASH_COLUMNS; i++)
		SetColumn(writer->rows, i, values[i]);
	return WriteRow(writer->rows) ? ROW_STORED : ROW_CONFLICTS;
}

/* Raises 27000: a document's row could not get its hash. */
static void
ReportStuckRow(int64 document_id, Datum hash)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("the hash_index row of document " INT64_FORMAT " could not be stored",
					document_id),
			 errdetail("It should have file_hash %s.",
					   TextDatumGetCString(hash)),
			 errhint("Look for a trigger that suppresses or changes rows of hash_index.")));
}

/* How often a row may appear between our insert and our look at it. */
#define MAX_ATTEMPTS 10

/*
 * Inserts the row of a document, unless it is there, or a user's trigger suppresses
 * it: that is the user's will.  The row of another document with this hash is out of
 * date: that document has another hash by now, or is gone.
 */
void
InsertHash(HashWriter *writer, Datum hash, int64 document_id)
{
	bool		insist = false;

	for (int i = 0; i < MAX_ATTEMPTS; i++)
	{
		int64		present_id;
		int64		count;
		InsertResult result = TryInsertHash(writer, hash, document_id, insist);

		if (result == ROW_STORED || result == ROW_SUPPRESSED)
			return;
		insist = !GetHashRow(writer->ledger, hash, &present_id, &count);
		if (insist)
		{
			if (result == ROW_CONFLICTS)
				CheckConflictIsVisible();
			continue;
		}
		if (present_id == document_id)
			return;
		FollowDocument(writer->ledger, hash, present_id);
	}
	ReportStuckRow(document_id, hash);
}

/* Closes hash_index. */
void
CloseHashWriter(HashWriter *writer)
{
	if (writer->rows != NULL)
		CloseRowWriter(writer->rows);
}

/*
 * Makes the row of a hash a document's, with its count, if the row's document is
 * gone.  Returns whether it did.
 */
static bool
TakeOverHash(const Ledger *ledger, Datum hash, int64 document_id)
{
	int64		present_id;
	int64		count;
	Datum		values[2];

	if (!GetHashRow(ledger, hash, &present_id, &count) ||
		LockDocument(ledger, present_id) != (Datum) 0)
		return false;
	values[0] = hash;
	values[1] = Int64GetDatum(document_id);
	return RunStatement(ledger, STATEMENT_TAKE_OVER_HASH, values, NULL,
						NULL) > 0;
}

/*
 * Gives a document back its row, which somebody must have removed.  Does nothing
 * if the document is gone, or has another hash by now.
 */
void
RestoreHash(const Ledger *ledger, const char *hash, int64 document_id)
{
	Datum		current = LockDocument(ledger, document_id);
	HashWriter	writer;

	if (current == (Datum) 0 || !IsHash(current, hash) ||
		TakeOverHash(ledger, current, document_id))
		return;
	OpenHashWriter(&writer, ledger, CONFLICT_SKIP);
	InsertHash(&writer, current, document_id);
	CloseHashWriter(&writer);
}

/*
 * How often, in this session and the last transaction that did it, a document got
 * another hash, or was deleted.  A user's function or trigger can do that to a
 * document that is just being inserted, before it has a row here.
 */
static uint64 hash_changes = 0;
static LocalTransactionId changing_transaction = InvalidLocalTransactionId;

/* Counts such a change. */
void
NoteHashChange(void)
{
	hash_changes++;
	changing_transaction = CurrentLocalTransactionId();
}

/* Returns the number of such changes, or 0 if this transaction has made none. */
uint64
HashChanges(void)
{
	return changing_transaction == CurrentLocalTransactionId() ?
		hash_changes : 0;
}

/*
 * Gives a document's row another hash.  Another transaction may have done it before
 * us; raises 27000 if the row stays where it was.
 */
static void
MoveHash(const Ledger *ledger, Datum old_hash, Datum new_hash,
		 int64 document_id)
{
	Datum		values[3];
	int64		present_id;
	int64		count;

	values[0] = old_hash;
	values[1] = new_hash;
	values[2] = Int64GetDatum(document_id);
	if (RunStatement(ledger, STATEMENT_MOVE_HASH, values, NULL, NULL) == 0 &&
		GetHashRow(ledger, old_hash, &present_id, &count) &&
		present_id == document_id)
		ReportStuckRow(document_id, new_hash);
}

/* Deletes the row of a document that is gone. */
void
DeleteHash(const Ledger *ledger, Datum hash, int64 document_id)
{
	Datum		values[2];

	values[0] = hash;
	values[1] = Int64GetDatum(document_id);
	RunStatement(ledger, STATEMENT_DELETE_HASH, values, NULL, NULL);
}

/*
 * Moves a row out of the way, to a random hash: rows can be in each other's way in
 * a circle.  Returns that hash.
 */
static Datum
ParkHash(const Ledger *ledger, Datum hash, int64 document_id)
{
	char		bytes[32];
	char		digits[HASH_SIZE];
	Datum		parked;

	if (!pg_strong_random(bytes, sizeof(bytes)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	HashBytes(bytes, sizeof(bytes), digits);
	parked = CStringGetTextDatum(digits);
	MoveHash(ledger, hash, parked, document_id);
	return parked;
}

/* Merges a document's two rows: the one under "hash" gets the other one's count. */
static void
MergeRows(const Ledger *ledger, Datum hash, Datum other_hash,
		  int64 document_id, int64 count)
{
	DeleteHash(ledger, other_hash, document_id);
	if (count > 0)
		AddDuplicates(ledger, TextDatumGetCString(hash), document_id, count);
}

/*
 * Makes a document's row, if it is under this hash, follow the document: moves it
 * to the hash that the document has now, or deletes it if the document is gone.  A
 * statement and its triggers may change many hashes before the rows follow.  Then
 * the row of another document can be in the way, and follows that one first.
 */
void
FollowDocument(const Ledger *ledger, Datum hash, int64 document_id)
{
	int64		present_id;
	int64		count;
	Datum		new_hash;

	check_stack_depth();
	if (!GetHashRow(ledger, hash, &present_id, &count) ||
		present_id != document_id)
		return;
	new_hash = LockDocument(ledger, document_id);
	if (new_hash == (Datum) 0)
	{
		DeleteHash(ledger, hash, document_id);
		return;
	}
	if (DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, hash,
											 new_hash)))
		return;
	if (GetHashRow(ledger, new_hash, &present_id, &count))
	{
		if (present_id == document_id)
			MergeRows(ledger, hash, new_hash, document_id, count);
		else
		{
			hash = ParkHash(ledger, hash, document_id);
			FollowDocument(ledger, new_hash, present_id);
		}
	}
	MoveHash(ledger, hash, new_hash, document_id);
}
