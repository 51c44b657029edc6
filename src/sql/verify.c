/*
 * verify.c
 *		doc_extractor_verify(): is the ledger what it should be?
 *
 * Each check is a query for what is wrong: its rows are counted, and the first
 * few named.  The queries run as the owner of the tables and read only.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "../access/identity.h"
#include "../compat.h"
#include "../lib/subtransaction.h"

PG_FUNCTION_INFO_V1(doc_extractor_verify);

/* What a check does with what it finds.  Only one that counts can fail. */
typedef enum CheckKind
{
	COUNTS,
	INFORMS,
	LISTS						/* SQL statements: names them all */
} CheckKind;

typedef struct Check
{
	const char *name;
	const char *wrong;			/* what it counts, for the detail */
	const char *since;			/* the first version that it is for */
	const char *query;			/* a format; see QueryCheck() */
	CheckKind	kind;
} Check;

/* How many of them the detail names, unless it is a list. */
#define EXAMPLES 5

/* verify_schema.sql and its like have them; make turns these into C. */
static const Check checks[] = {
#include "verify_checks.h"
};

/*
 * Counts the rows of a check's query, and leaves the number and the first few as
 * SPI's result.  In the query, %1$s is the schema as an identifier, $1 its oid.
 */
static void
QueryCheck(const Check *check, Oid schema)
{
	Oid			types[1] = {OIDOID};
	Datum		parameters[1];
	char	   *wrong = psprintf(check->query,
								 quote_identifier(get_namespace_name(schema)));
	char	   *names = check->kind == LISTS ?
		pstrdup("string_agg(w.w || ';', E'\\n' ORDER BY w.n)") :
		psprintf("string_agg(w.w, ', ') FILTER (WHERE w.n <= %d)", EXAMPLES);
	char	   *query = psprintf("SELECT count(*), %s FROM (SELECT x.x,"
								 " row_number() OVER () FROM (%s) AS x (x))"
								 " AS w (w, n)", names, wrong);

	parameters[0] = ObjectIdGetDatum(schema);
	if (SPI_execute_with_args(query, 1, types, parameters, NULL, true, 0) !=
		SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\"", query);
}

/* Returns what a check found, from SPI's result, and whether that is nothing. */
static char *
DescribeResult(const Check *check, bool *passed)
{
	HeapTuple	row = SPI_tuptable->vals[0];
	TupleDesc	desc = SPI_tuptable->tupdesc;
	bool		is_null;
	int64		count = DatumGetInt64(SPI_getbinval(row, desc, 1, &is_null));
	StringInfoData detail;

	*passed = check->kind != COUNTS || count == 0;
	initStringInfo(&detail);
	/* A list is a script: psql runs it as it is. */
	if (check->kind == LISTS)
		appendStringInfoString(&detail, "-- ");
	appendStringInfo(&detail, INT64_FORMAT " %s", count, check->wrong);
	if (count > 0 && check->kind == LISTS)
		appendStringInfo(&detail, "\n%s", SPI_getvalue(row, desc, 2));
	else if (count > 0)
		appendStringInfo(&detail, ": %s%s", SPI_getvalue(row, desc, 2),
						 count > EXAMPLES ? ", ..." : "");
	return detail.data;
}

/* Returns the version of the ledger. */
static char *
LedgerVersion(void)
{
	MemoryContext context = CurrentMemoryContext;
	char	   *version = NULL;

	SPI_connect();
	if (SPI_execute("SELECT extversion FROM pg_catalog.pg_extension"
					" WHERE extname OPERATOR(pg_catalog.=) 'doc_extractor'",
					true, 1) == SPI_OK_SELECT && SPI_processed == 1)
		version = MemoryContextStrdup(context,
									  SPI_getvalue(SPI_tuptable->vals[0],
												   SPI_tuptable->tupdesc, 1));
	SPI_finish();
	return version != NULL ? version : pstrdup("1.1");
}

/* A check being run, and what it found. */
typedef struct CheckRun
{
	const Check *check;
	Oid			schema;
	MemoryContext context;		/* of what it found */
	bool		passed;
	char	   *detail;
} CheckRun;

/* Runs a check: an attempt's callback. */
static void
TryCheck(void *argument)
{
	CheckRun   *run = argument;

	SPI_connect();
	QueryCheck(run->check, run->schema);
	MemoryContextSwitchTo(run->context);
	run->detail = DescribeResult(run->check, &run->passed);
	SPI_finish();
}

/*
 * Runs a check and returns what it found.  A table or column that is not there,
 * or of another type, is a check that fails, as it cannot be run.
 */
static char *
RunCheck(const Check *check, Oid schema, bool *passed)
{
	CheckRun	run = {.check = check, .schema = schema,
	.context = CurrentMemoryContext};
	ErrorData  *error = TryInSubtransaction(TryCheck, &run);

	if (error != NULL &&
		ERRCODE_TO_CATEGORY(error->sqlerrcode) !=
		ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION)
		ReThrowError(error);
	*passed = error == NULL && run.passed;
	return error == NULL ? run.detail :
		psprintf("not checked: %s", error->message);
}

/*
 * doc_extractor_verify(): a result row for each check: its name, whether it
 * passed, and what it found.
 */
Datum
doc_extractor_verify(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Ledger		ledger = GetLedger(fcinfo);
	CallerIdentity caller;
	char	   *version;

	InitMaterializedSRF(fcinfo, 0);
	SwitchToRestrictedOwner(&ledger, LedgerTableOid(&ledger, "documents"),
							&caller);
	version = LedgerVersion();
	for (size_t i = 0; i < lengthof(checks); i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};
		bool		passed;

		if (strcmp(version, checks[i].since) < 0)
			continue;
		values[0] = CStringGetTextDatum(checks[i].name);
		values[2] = CStringGetTextDatum(RunCheck(&checks[i], ledger.schema,
												 &passed));
		values[1] = BoolGetDatum(passed);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SwitchBack(&caller);
	return (Datum) 0;
}
