/*
 * trail.c
 *		Rows of audit_log: who did what to which document, when and why.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "relations.h"
#include "settings.h"
#include "trail.h"

/* An error with this SQLSTATE unless V001 knows the action. */
void
CheckAction(const char *action, int sqlstate)
{
	static const char *const actions[] = {
		"ingested", "updated", "deleted", "classified", "tagged", "error"
	};

	for (size_t i = 0; i < lengthof(actions); i++)
		if (strcmp(action, actions[i]) == 0)
			return;
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("action \"%s\" is not valid", action),
			 errhint("It is one of ingested, updated, deleted, classified, tagged and error, in lower case.")));
}

/*
 * Opens audit_log for rows of one statement, until CloseTrail().  The foreign
 * key to "trusted_parent" is not checked; InvalidOid checks it.
 */
void
OpenTrail(Trail *trail, Oid schema, Oid trusted_parent)
{
	RowWriter  *writer = OpenRowWriter(LedgerTable(schema, "audit_log"),
									   trusted_parent);
	MemoryContext old = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	char	   *login_role;

	trail->writer = writer;
	trail->id = WriterColumn(writer, "id");
	trail->document_id = WriterColumn(writer, "document_id");
	trail->action = WriterColumn(writer, "action");
	trail->action_timestamp = WriterColumn(writer, "action_timestamp");
	trail->user_or_system = WriterColumn(writer, "user_or_system");
	trail->old_value = WriterColumn(writer, "old_value");
	trail->new_value = WriterColumn(writer, "new_value");
	trail->change_reason = WriterColumn(writer, "change_reason");
	trail->db_user = SPI_fnumber(RelationGetDescr(writer->rel), "db_user");
	login_role = GetUserNameFromId(GetSessionUserId(), false);
	trail->login_role = DirectFunctionCall1(namein,
											CStringGetDatum(login_role));
	/* The application's user where it has set one. */
	trail->user = CStringGetTextDatum(doc_extractor_user[0] != '\0' ?
									  doc_extractor_user : login_role);
	trail->reason = doc_extractor_reason[0] == '\0' ? (Datum) 0 :
		CStringGetTextDatum(doc_extractor_reason);
	MemoryContextSwitchTo(old);
}

/* Returns the type of a column of audit_log. */
static Oid
TrailColumnType(Trail *trail, AttrNumber column)
{
	return TupleDescAttr(RelationGetDescr(trail->writer->rel),
						 column - 1)->atttypid;
}

/* Sets a column unless the value is the zero Datum, NULL. */
static void
SetUnlessNull(Trail *trail, AttrNumber column, Datum value)
{
	if (value != (Datum) 0)
		SetColumn(trail->writer, column, value);
}

/* Writes a row; false where a user's BEFORE trigger suppressed it. */
bool
WriteTrail(Trail *trail, const TrailEntry *entry)
{
	RowWriter  *writer = trail->writer;

	StartRow(writer);
	SetColumn(writer, trail->document_id,
			  IntegerDatum(entry->document_id,
						   TrailColumnType(trail, trail->document_id)));
	SetColumn(writer, trail->action, CStringGetTextDatum(entry->action));
	SetColumn(writer, trail->action_timestamp,
			  TransactionTime(TrailColumnType(trail, trail->action_timestamp)));
	SetColumn(writer, trail->user_or_system, trail->user);
	SetUnlessNull(trail, trail->old_value, entry->old_value);
	SetUnlessNull(trail, trail->new_value, entry->new_value);
	SetUnlessNull(trail, trail->change_reason,
				  entry->reason != (Datum) 0 ? entry->reason : trail->reason);
	if (trail->db_user > 0)
		SetColumn(writer, trail->db_user, trail->login_role);
	return WriteRow(writer, NULL);
}

/* Returns the id of the row that WriteTrail() has just written. */
int64
LastTrailId(Trail *trail)
{
	bool		is_null;
	Datum		id = slot_getattr(trail->writer->slot, trail->id, &is_null);

	return IntegerValue(id, TrailColumnType(trail, trail->id));
}

/* Runs audit_log's after triggers and closes it. */
void
CloseTrail(Trail *trail)
{
	CloseRowWriter(trail->writer);
}
