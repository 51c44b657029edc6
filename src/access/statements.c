/*
 * statements.c
 *		The SQL statements that the C code runs on the extension's tables.
 *
 * A session plans each of them once, and runs it as the owner of the table that
 * it works on.  Tables, operators and functions are schema-qualified, so that
 * the caller's search_path plays no part.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "identity.h"
#include "statement_text.h"
#include "statements.h"

/* A statement's plan, and the smallest size of the table since it was made. */
typedef struct StatementPlan
{
	SPIPlanPtr	plan;
	BlockNumber blocks;
} StatementPlan;

/* The plans, the schema that they are for, and how many of them run now. */
static NameData planned_schema;
static StatementPlan plans[NUMBER_OF_STATEMENTS];
static int	running = 0;

/* Returns the text of a statement. */
static const StatementText *
GetText(LedgerStatement statement)
{
	static const StatementText *const texts[] = {
		document_statements, error_statements, location_statements
	};
	int			i = 0;

	while (texts[i][statement].text == NULL)
	{
		i++;
		Assert(i < (int) lengthof(texts));
	}
	return &texts[i][statement];
}

/*
 * Prepares a statement for one generic plan: the planner would rather make a
 * custom one for each array.
 */
static SPIPlanPtr
Prepare(const StatementText *text, const char *schema_name)
{
	char	   *query = psprintf(text->text, quote_identifier(schema_name));
	SPIPlanPtr	plan = SPI_prepare_cursor(query, text->nparameters,
										  (Oid *) text->parameters,
										  CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", query,
			 SPI_result_code_string(SPI_result));
	pfree(query);
	return plan;
}

/* Frees all plans if they are for a schema with another name. */
static void
ForgetOtherSchema(const char *schema_name)
{
	if (strcmp(schema_name, NameStr(planned_schema)) == 0)
		return;
	for (int i = 0; i < NUMBER_OF_STATEMENTS; i++)
	{
		if (plans[i].plan != NULL)
			SPI_freeplan(plans[i].plan);
		plans[i].plan = NULL;
	}
	namestrcpy(&planned_schema, schema_name);
}

/*
 * Returns the plan of a statement on a table of this size: the kept one, if there
 * can be one.  Plans anew when the table has doubled: a plan that was made for a
 * table of a few pages scans them all, and a session can fill the table long before
 * anything else invalidates its plans.
 */
static SPIPlanPtr
GetPlan(LedgerStatement statement, const char *schema_name,
		BlockNumber blocks)
{
	StatementPlan *kept = &plans[statement];

	/* If a user's trigger called us, kept plans are running further out. */
	if (running == 0)
		ForgetOtherSchema(schema_name);
	else if (strcmp(schema_name, NameStr(planned_schema)) != 0)
		return Prepare(GetText(statement), schema_name);

	if (kept->plan == NULL || (running == 0 && blocks / 2 > kept->blocks))
	{
		SPIPlanPtr	plan = Prepare(GetText(statement), schema_name);

		SPI_keepplan(plan);
		if (kept->plan != NULL)
			SPI_freeplan(kept->plan);
		kept->plan = plan;
		kept->blocks = blocks;
	}
	/* The server replans too, for example after a TRUNCATE. */
	kept->blocks = Min(kept->blocks, blocks);
	return kept->plan;
}

/*
 * Raises the error of a statement again, without its detail if that may describe a
 * row (class 23) that was there before: we have read it as its owner, and the caller
 * may have no right to.
 */
static void
PassOnError(bool is_insert)
{
	ErrorData  *error;

	if (is_insert)
		PG_RE_THROW();
	error = CopyErrorData();
	if (ERRCODE_TO_CATEGORY(error->sqlerrcode) !=
		ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
		PG_RE_THROW();
	FlushErrorState();
	error->detail = NULL;
	error->detail_log = NULL;
	ReThrowError(error);
}

/*
 * Runs a plan.  If it finds no row at REPEATABLE READ or above, "checks_present" looks
 * for one in the present: a row that is there, but not visible, raises 40001.  After
 * ALTER TABLE has rewritten a table, an older snapshot shows none of its rows, and
 * what follows from a document must not be lost for that.
 */
static int
RunPlan(SPIPlanPtr plan, bool checks_present, Datum *values, const char *nulls)
{
	int			code = SPI_execute_plan(plan, values, nulls, false, 0);

	if (code < 0 || SPI_processed > 0 || !checks_present ||
		!IsolationUsesXactSnapshot())
		return code;
	/* With our snapshot as the crosscheck, as foreign keys do: it keeps a change off. */
	code = SPI_execute_snapshot(plan, values, nulls, GetLatestSnapshot(),
								GetTransactionSnapshot(), false, true, 0);
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	return code;
}

/* Runs the plan of a statement, and counts it among those that run. */
static void
Execute(SPIPlanPtr plan, LedgerStatement statement, Datum *values,
		const char *nulls)
{
	MemoryContext context = CurrentMemoryContext;
	int			code = 0;

	running++;
	PG_TRY();
	{
		code = RunPlan(plan, GetText(statement)->checks_present, values, nulls);
		running--;
	}
	PG_CATCH();
	{
		running--;
		MemoryContextSwitchTo(context);
		PassOnError(statement <= LAST_INSERT);
	}
	PG_END_TRY();
	if (code < 0)
		elog(ERROR, "could not run a statement: %s",
			 SPI_result_code_string(code));
}

/* Copies the columns of the first row of SPI's result.  Raises 23502 for a NULL. */
static void
CopyResults(Datum *results)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		bool		is_null;
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], desc, i + 1,
										  &is_null);

		/* Their columns are NOT NULL, unless somebody has changed that. */
		if (is_null)
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("column \"%s\" must not be null",
							NameStr(att->attname)),
					 errhint("Restore the NOT NULL constraint that doc_extractor created.")));
		results[i] = SPI_datumTransfer(value, att->attbyval, att->attlen);
	}
}

/*
 * Runs a statement as the owner of its table, and returns the number of rows.
 * "nulls" is an array as SPI takes it ('n' for each NULL), or NULL.  "results",
 * unless NULL, receives the columns of the first row, in the current memory
 * context.
 */
uint64
RunStatement(const Ledger *ledger, LedgerStatement statement, Datum *values,
			 const char *nulls, Datum *results)
{
	Relation	rel;
	CallerIdentity caller;
	char	   *schema_name;
	SPIPlanPtr	plan;
	uint64		nrows;

	Assert(statement < NUMBER_OF_STATEMENTS && running >= 0);
	SPI_connect();
	/* Locked, it keeps its name and owner. */
	rel = OpenLedgerTable(ledger, GetText(statement)->table, AccessShareLock);
	SwitchToOwner(ledger, RelationGetRelid(rel), &caller);
	schema_name = get_namespace_name(ledger->schema);
	plan = GetPlan(statement, schema_name, RelationGetNumberOfBlocks(rel));
	Execute(plan, statement, values, nulls);
	SwitchBack(&caller);
	table_close(rel, NoLock);
	nrows = SPI_processed;
	if (nrows > 0 && results != NULL)
		CopyResults(results);
	SPI_finish();
	return nrows;
}
