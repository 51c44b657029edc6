/*
 * row_defaults.c
 *		Defaults of the columns that rows of a table do not set.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "columns.h"
#include "identity.h"
#include "row_defaults.h"
#include "table_shape.h"

/* Returns a column's default.  To find it can run functions of users'. */
static ColumnDefault
FindDefault(const Ledger *ledger, Relation rel, AttrNumber column)
{
	CallerIdentity caller;
	ColumnDefault found;

	if (KnowsDefault(rel, column))
		return GetColumnDefault(rel, column);
	SwitchToOwner(ledger, RelationGetRelid(rel), &caller);
	found = GetColumnDefault(rel, column);
	SwitchBack(&caller);
	return found;
}

/*
 * Returns the defaults of the columns of a table, open and locked, that are not set, by
 * column, or NULL if one of them takes the executor.  They belong to the current memory
 * context.  The caller has switched to the owner of the table.
 */
ColumnDefault *
FindDefaults(const Ledger *ledger, Relation rel, const AttrNumber *set_columns,
			 int ncolumns)
{
	int			natts = RelationGetNumberOfAttributes(rel);
	ColumnDefault *defaults = palloc0(natts * sizeof(ColumnDefault));
	bool	   *is_set = palloc0(natts * sizeof(bool));

	for (int i = 0; i < ncolumns; i++)
		is_set[set_columns[i] - 1] = true;
	for (int i = 0; i < natts; i++)
	{
		if (is_set[i])
			continue;
		defaults[i] = FindDefault(ledger, rel, i + 1);
		if (defaults[i].kind == DEFAULT_OTHER)
			return NULL;
	}
	return defaults;
}

/*
 * Returns the next value of a sequence.  Raises 2200H if the column cannot hold it:
 * that is the sequence's fault, not the row's.
 */
static Datum
NextValue(Form_pg_attribute att, Oid sequence)
{
	int64		value = nextval_internal(sequence, true);

	if (att->atttypid == INT4OID &&
		(value > PG_INT32_MAX || value < PG_INT32_MIN))
		ereport(ERROR,
				(errcode(ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED),
				 errmsg("value " INT64_FORMAT " of sequence \"%s\" is out of range for column \"%s\"",
						value, get_rel_name(sequence),
						NameStr(att->attname))));
	return IntegerDatum(value, att->atttypid);
}

/* Fills in the columns of a row that have such a default.  Raises what sequences raise. */
void
FillColumnDefaults(const ColumnDefault *defaults, TupleTableSlot *slot)
{
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(slot->tts_tupleDescriptor, i);
		const ColumnDefault *entry = &defaults[i];

		if (entry->kind == DEFAULT_UNKNOWN)
			continue;
		Assert(entry->kind != DEFAULT_OTHER);
		slot->tts_values[i] = entry->value.value;
		slot->tts_isnull[i] = entry->value.isnull;
		if (entry->kind == DEFAULT_NEXTVAL)
			slot->tts_values[i] = NextValue(att, entry->sequence);
		else if (entry->kind == DEFAULT_NOW)
			slot->tts_values[i] = TransactionTime(att->atttypid);
	}
}
