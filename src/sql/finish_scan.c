/*
 * finish_scan.c
 *		finish_scan(): a client has looked at all locations below a root.
 *
 * Only a complete scan can say that a location has vanished.  So it is recorded in
 * one call, at its end; a scan that was broken off leaves nothing behind.  Documents
 * stay: they may be elsewhere, or come back.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "../access/identity.h"
#include "../access/statements.h"
#include "../compat.h"
#include "text_argument.h"

PG_FUNCTION_INFO_V1(finish_scan);

/* The width of ingestion_source, in characters. */
#define SOURCE_LIMIT 255

/* The function's arguments. */
enum
{
	SCAN_SOURCE,
	SCAN_ROOT,
	SCAN_STARTED,
	SCAN_SEEN,
	SCAN_ADDED,
	SCAN_CHANGED,
	SCAN_FAILED,
	SCAN_VANISHED,				/* ids of document_locations, or NULL */
	SCAN_MAX_VANISHED			/* NULL: no limit */
};

/* A complete scan. */
typedef struct CompleteScan
{
	const Ledger *ledger;
	Datum		source;			/* text */
	Datum		root;			/* text */
	Datum		started_at;		/* timestamptz, finite */
	int64		seen;
	int64		added;
	int64		changed;
	int64		failed;
	ArrayType  *gone;			/* int8[]; NULL: none */
	int64		vanished;		/* the rows that say so */
} CompleteScan;

/* Returns a count.  Raises 22004 if it is NULL, 22023 if it is negative. */
static int64
CountArgument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
	if (PG_GETARG_INT64(number) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative: " INT64_FORMAT, name,
						PG_GETARG_INT64(number))));
	return PG_GETARG_INT64(number);
}

/*
 * Returns when the scan began.  Raises 22004 if it is NULL, 22023 if that is no time
 * in the past: locations that appear during the scan would vanish.
 */
static Datum
StartArgument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(SCAN_STARTED))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("started_at must not be null")));
	if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(SCAN_STARTED)) ||
		PG_GETARG_TIMESTAMPTZ(SCAN_STARTED) > GetCurrentTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("started_at must be in the past"),
				 errhint("Ask the server for the time, with clock_timestamp(), before the scan begins.")));
	return PG_GETARG_DATUM(SCAN_STARTED);
}

/*
 * Returns the ids of the locations that are gone, or NULL.  Raises 55000 if they are
 * more than the client thinks possible: a file system may not be mounted.  Raises 22023
 * if that is negative.
 */
static ArrayType *
GoneArgument(FunctionCallInfo fcinfo)
{
	ArrayType  *gone;
	int			count;
	int64		max = PG_INT64_MAX;

	if (!PG_ARGISNULL(SCAN_MAX_VANISHED))
		max = CountArgument(fcinfo, SCAN_MAX_VANISHED, "max_vanished");
	if (PG_ARGISNULL(SCAN_VANISHED))
		return NULL;
	gone = PG_GETARG_ARRAYTYPE_P(SCAN_VANISHED);
	count = ArrayGetNItems(ARR_NDIM(gone), ARR_DIMS(gone));
	if (count > max)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%d locations have vanished, more than max_vanished, which is " INT64_FORMAT,
						count, max),
				 errdetail("Nothing was recorded."),
				 errhint("Look whether the file system is mounted and can be read. If they are really gone, call the function with a higher max_vanished.")));
	return gone;
}

/* Records which locations have vanished. */
static void
RecordVanished(CompleteScan *scan)
{
	Datum		values[3];

	if (scan->gone == NULL)
		return;
	values[0] = scan->source;
	values[1] = scan->started_at;
	values[2] = PointerGetDatum(scan->gone);
	scan->vanished = RunStatement(scan->ledger, STATEMENT_VANISH, values, NULL,
								  NULL);
}

/*
 * Makes the row of the last scan of this root tell of this one, if both have changed
 * nothing.  Sets the row's id.  Returns false if there is no such row.
 */
static bool
RepeatScan(const CompleteScan *scan, Datum *scan_id)
{
	Datum		values[4];

	if (scan->added > 0 || scan->changed > 0 || scan->failed > 0 ||
		scan->vanished > 0)
		return false;
	values[0] = scan->source;
	values[1] = scan->root;
	values[2] = scan->started_at;
	values[3] = Int64GetDatum(scan->seen);
	return RunStatement(scan->ledger, STATEMENT_REPEAT_SCAN, values, NULL,
						scan_id) > 0;
}

/* Records a scan in a row of its own, and sets the row's id. */
static void
InsertScan(const CompleteScan *scan, Datum *scan_id)
{
	Datum		values[8];

	values[0] = scan->source;
	values[1] = scan->root;
	values[2] = scan->started_at;
	values[3] = Int64GetDatum(scan->seen);
	values[4] = Int64GetDatum(scan->added);
	values[5] = Int64GetDatum(scan->changed);
	values[6] = Int64GetDatum(scan->vanished);
	values[7] = Int64GetDatum(scan->failed);
	if (RunStatement(scan->ledger, STATEMENT_INSERT_SCAN, values, NULL,
					 scan_id) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("the scan was not recorded"),
				 errdetail("A trigger on scans suppressed its row.")));
}

/*
 * finish_scan(ingestion_source, root, started_at, seen, added, changed, failed,
 * vanished, max_vanished): records a complete scan, and that locations have vanished
 * that nobody has seen since it began.  Returns the id of the scan's row, and the
 * number of these locations.
 */
Datum
finish_scan(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	CompleteScan scan = {.ledger = &ledger};
	CallerIdentity caller;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("function returning record called in context that cannot accept type record")));
	scan.source = CStringGetTextDatum(RequiredText(fcinfo, SCAN_SOURCE,
												   "ingestion_source",
												   SOURCE_LIMIT));
	scan.root = CStringGetTextDatum(RequiredText(fcinfo, SCAN_ROOT, "root", 0));
	scan.started_at = StartArgument(fcinfo);
	scan.seen = CountArgument(fcinfo, SCAN_SEEN, "seen");
	scan.added = CountArgument(fcinfo, SCAN_ADDED, "added");
	scan.changed = CountArgument(fcinfo, SCAN_CHANGED, "changed");
	scan.failed = CountArgument(fcinfo, SCAN_FAILED, "failed");
	scan.gone = GoneArgument(fcinfo);

	LockTableToWrite(&ledger, "document_locations");
	LockTableToWrite(&ledger, "scans");
	SwitchToOwner(&ledger, LedgerTableOid(&ledger, "document_locations"),
				  &caller);
	RecordVanished(&scan);
	if (!RepeatScan(&scan, &values[0]))
		InsertScan(&scan, &values[0]);
	SwitchBack(&caller);
	values[1] = Int64GetDatum(scan.vanished);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values,
											 nulls));
}
