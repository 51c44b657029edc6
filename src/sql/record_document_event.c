/*
 * record_document_event.c
 *		record_document_event(): trail rows for what happens to a document outside
 *		of its columns, such as a classification.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "../access/identity.h"
#include "../compat.h"
#include "../settings.h"
#include "../tables/audit_log.h"
#include "../tables/documents.h"
#include "text_argument.h"

PG_FUNCTION_INFO_V1(record_document_event);

/* Locks a document until the transaction ends.  Raises 23503 if there is none. */
static void
RequireDocument(const Ledger *ledger, int64 document_id)
{
	if (LockDocument(ledger, document_id) == (Datum) 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("document " INT64_FORMAT " does not exist",
						document_id)));
}

/* Raises 22001 if a reason is longer than its column. */
static void
CheckReason(text *reason)
{
	int			characters = pg_mbstrlen_with_len(VARDATA_ANY(reason),
												  VARSIZE_ANY_EXHDR(reason));

	if (characters > REASON_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("change_reason is too long: %d characters, at most %d are allowed",
						characters, REASON_LIMIT),
				 errhint("Store the long form in new_value.")));
}

/* Checks the arguments. */
static void
CheckEvent(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("document_id must not be null")));
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("action must not be null")));
	CheckText(fcinfo, 1, "action");
	CheckAction(text_to_cstring(PG_GETARG_TEXT_PP(1)),
				ERRCODE_INVALID_PARAMETER_VALUE);
	CheckText(fcinfo, 2, "old_value");
	CheckText(fcinfo, 3, "new_value");
	CheckText(fcinfo, 4, "change_reason");
	if (!PG_ARGISNULL(4))
		CheckReason(PG_GETARG_TEXT_PP(4));
}

/* Returns an argument, or zero if it is NULL. */
static Datum
OptionalArgument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? (Datum) 0 : PG_GETARG_DATUM(number);
}

/*
 * record_document_event(document_id, action, old_value, new_value,
 * change_reason): writes a trail row, and returns its id.
 */
Datum
record_document_event(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	TrailEntry	entry;
	CallerIdentity caller;
	Trail		trail;
	int64		id;

	CheckEvent(fcinfo);
	entry.document_id = PG_GETARG_INT64(0);
	entry.action = text_to_cstring(PG_GETARG_TEXT_PP(1));
	entry.old_value = OptionalArgument(fcinfo, 2);
	entry.new_value = OptionalArgument(fcinfo, 3);
	entry.reason = OptionalArgument(fcinfo, 4);
	RequireDocument(&ledger, entry.document_id);

	SwitchToOwner(&ledger, LedgerTableOid(&ledger, "audit_log"), &caller);
	OpenTrail(&trail, &ledger);
	if (!WriteTrail(&trail, &entry, &id))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("the event was not recorded"),
				 errdetail("A trigger on audit_log suppressed its row.")));
	CloseTrail(&trail);
	SwitchBack(&caller);
	PG_RETURN_INT64(id);
}
