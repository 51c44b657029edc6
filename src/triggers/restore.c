/*
 * restore.c
 *		Recognition of the rows that a restore inserts.
 *
 * A backup has the rows of hash_index and audit_log too.  A restore creates the
 * extension with its triggers before it loads the data; if these derived the rows
 * once more, they would double the trail or collide with what is loaded.  So the
 * insert triggers do nothing for restored rows, and only for those.
 *
 * The look of the session is not enough: a pool hands a connection on with the
 * settings that a script has made.  So a row must look restored, too.  To take a
 * restored row for a new one is an error later on, when its derived rows come.  To
 * take a new row for a restored one would lose its trail.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "../access/columns.h"
#include "../access/table_shape.h"
#include "../compat.h"
#include "../lib/subtransaction.h"
#include "../settings.h"
#include "../tables/audit_log.h"
#include "../tables/hash_index.h"
#include "restore.h"

/* Returns whether the session has the settings that every pg_dump script makes. */
static bool
IsDumpSession(void)
{
	return !check_function_bodies &&
		client_min_messages == WARNING &&
		strcmp(GetConfigOption("search_path", false, false), "") == 0;
}

/*
 * Returns which of the rows being inserted into a table can come from a backup.  None
 * can unless the table's owner inserts them (who could disable triggers anyway), not
 * through a function that runs with other rights, and either has set
 * doc_extractor.restoring or seems to run a dump script.
 */
RestoreMode
CurrentRestoreMode(Relation rel)
{
	Oid			user_id;
	int			security_context;

	if (!doc_extractor_restoring && !IsDumpSession())
		return RESTORE_NONE;
	GetUserIdAndSecContext(&user_id, &security_context);
	if (security_context != 0 ||
		!object_ownercheck(RelationRelationId, RelationGetRelid(rel), user_id))
		return RESTORE_NONE;
	return doc_extractor_restoring ? RESTORE_ALL : RESTORE_SOME;
}

/* Finds out which id the sequence of documents has handed out last. */
static void
FindLastId(RestoreCheck *check)
{
	ColumnDefault id = GetColumnDefault(check->documents, check->id);
	LOCAL_FCINFO(call, 1);
	Datum		last_id;

	/* Of another default we know nothing: any id may have been handed out. */
	check->is_unused = false;
	check->last_id = PG_INT64_MAX;
	if (id.kind != DEFAULT_NEXTVAL)
		return;
	InitFunctionCallInfoData(*call, NULL, 1, InvalidOid, NULL, NULL);
	call->args[0].value = ObjectIdGetDatum(id.sequence);
	call->args[0].isnull = false;
	last_id = pg_sequence_last_value(call);
	check->is_unused = call->isnull;
	if (!call->isnull)
		check->last_id = DatumGetInt64(last_id);
}

/* Prepares the check of rows that a statement has inserted into documents. */
void
StartRestoreCheck(RestoreCheck *check, Relation documents, int64 nrows)
{
	static const char *const times[RESTORE_TIMES] = {
		"ingestion_timestamp", "created_at", "updated_at"
	};
	TupleDesc	desc = RelationGetDescr(documents);

	check->mode = CurrentRestoreMode(documents);
	check->documents = documents;
	check->has_restored = false;
	if (check->mode != RESTORE_SOME)
		return;
	check->nrows = nrows;
	check->knows_start = false;
	check->id = ColumnNumber(desc, "documents", "id", COLUMN_INTEGER);
	for (int i = 0; i < RESTORE_TIMES; i++)
		check->times[i] = ColumnNumber(desc, "documents", times[i],
									   COLUMN_TIME);
	FindLastId(check);
}

/* Returns whether a row has this transaction's time in a column: it is new. */
static bool
HasNewTime(const RestoreCheck *check, TupleTableSlot *row)
{
	for (int i = 0; i < RESTORE_TIMES; i++)
	{
		bool		is_null;
		Datum		value = slot_getattr(row, check->times[i], &is_null);

		if (!is_null &&
			IsTransactionTime(value, ColumnType(row->tts_tupleDescriptor,
												check->times[i])))
			return true;
	}
	return false;
}

/* Returns whether documents has no rows but the statement's own. */
static bool
WasEmpty(const RestoreCheck *check)
{
	TupleTableSlot *slot = table_slot_create(check->documents, NULL);
	TableScanDesc scan = BeginTableScan(check->documents, SnapshotSelf);
	int64		nrows = 0;

	/* One row more is enough to know. */
	while (nrows <= check->nrows &&
		   table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		nrows++;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return nrows <= check->nrows;
}

/* Reads what nextval() has returned last: TryInSubtransaction()'s callback. */
static void
ReadLastValue(void *argument)
{
	LOCAL_FCINFO(call, 0);

	InitFunctionCallInfoData(*call, NULL, 0, InvalidOid, NULL, NULL);
	(void) lastval(call);
}

/*
 * Returns whether this session has called nextval(), for any sequence.  A restore does
 * not: it brings all values, and sets sequences.
 */
static bool
HasDrawnValue(void)
{
	ErrorData  *error = TryInSubtransaction(ReadLastValue, NULL);
	int			sqlstate;

	if (error == NULL)
		return true;
	sqlstate = error->sqlerrcode;
	/* It has not, or from a sequence that it may not read any more. */
	if (sqlstate != ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE &&
		sqlstate != ERRCODE_INSUFFICIENT_PRIVILEGE)
		ReThrowError(error);
	FreeErrorData(error);
	return sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE;
}

/*
 * Returns whether the statement can be a parallel restore's only one for documents,
 * in which another session has set the sequence already.
 */
static bool
IsStartOfRestore(RestoreCheck *check)
{
	if (!check->knows_start)
		check->is_start = !HasDrawnValue() && WasEmpty(check);
	check->knows_start = true;
	return check->is_start;
}

/* Returns whether a row is one of a backup, given that some of the rows can be. */
static bool
LooksRestored(RestoreCheck *check, TupleTableSlot *row)
{
	if (HasNewTime(check, row))
		return false;
	return check->is_unused ||
		RequiredInteger(row, check->id) > check->last_id ||
		IsStartOfRestore(check);
}

/*
 * Returns whether a row is a backup's: none of its times is this transaction's, and
 * the sequence has not handed out its id, or only because the restore has set it.
 */
bool
IsRestored(RestoreCheck *check, TupleTableSlot *row)
{
	bool		is_restored = check->mode == RESTORE_ALL ||
		(check->mode == RESTORE_SOME && LooksRestored(check, row));

	check->has_restored |= is_restored;
	return is_restored;
}

/*
 * Raises 55000 if a row that we did not take for a backup's has rows in hash_index or
 * audit_log, although the session looks like a restore: we would double its trail.
 */
void
RefuseDoubt(const RestoreCheck *check, const Ledger *ledger, Datum hash,
			int64 document_id)
{
	int64		present_id;
	int64		count;

	if (check->mode != RESTORE_SOME)
		return;
	if (!(GetHashRow(ledger, hash, &present_id, &count) &&
		  present_id == document_id) &&
		!HasTrail(ledger, document_id))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("document " INT64_FORMAT " is in hash_index or audit_log already",
					document_id),
			 errdetail("The session has the settings of a dump's script, but the document does not look like one of a backup."),
			 errhint("To restore, SET doc_extractor.restoring = on. Else run RESET ALL before you insert.")));
}

/* A restore that inserts row by row is reported once; so it goes on for this long. */
#define REPORT_PAUSE_MS 1000

/*
 * Warns that rows were taken for a backup's, if there are any and the last time that
 * any were is not just now.
 */
void
ReportRestore(const RestoreCheck *check)
{
	static TimestampTz last_time = 0;
	TimestampTz now = GetCurrentTimestamp();
	bool		goes_on = !TimestampDifferenceExceeds(last_time, now,
													  REPORT_PAUSE_MS);

	if (!check->has_restored)
		return;
	last_time = now;
	ereport(goes_on ? DEBUG1 : WARNING,
			(errmsg("rows of table \"%s\" were taken for those of a backup",
					RelationGetRelationName(check->documents)),
			 errdetail("No rows of hash_index and audit_log were derived from them: a backup brings these along."),
			 errhint("If this is no restore, run RESET ALL before you insert.")));
}
