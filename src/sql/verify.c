/*
 * verify.c
 *		doc_extractor_verify(): is the ledger what it should be?
 *
 * Each check is a query for what is wrong: it returns a number, and a list of
 * the first few.  They run as the owner of the tables and read only.
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

typedef struct Check
{
	const char *name;
	const char *wrong;			/* what it counts, for the detail */
	const char *query;			/* rows of one text; see QueryCheck() */
} Check;

/* How many of them a detail names. */
#define EXAMPLES 5

static const Check checks[] = {
	{
		"tables", "missing tables",
		"SELECT e.t FROM (VALUES ('documents'),('hash_index'),('audit_log'),"
		"('error_log')) AS e (t) WHERE NOT EXISTS (SELECT FROM pg_class AS c"
		" WHERE c.relname = e.t AND c.relnamespace = $1 AND c.relkind = 'r') ORDER BY 1"
	},
	{
		"columns", "columns missing or changed",
		"SELECT e.t || '.' || e.c FROM (VALUES"
		"('documents','id','integer',true,format('nextval(%%L::regclass)',$1::regnamespace||'.documents_id_seq')),"
		"('documents','file_name','character varying(500)',true,NULL),"
		"('documents','file_size_bytes','integer',true,NULL),"
		"('documents','file_hash','character varying(64)',true,NULL),"
		"('documents','file_type','character varying(255)',true,NULL),"
		"('documents','ingestion_source','character varying(255)',true,NULL),"
		"('documents','ingestion_timestamp','timestamp without time zone',true,'now()'),"
		"('documents','document_text','text',false,NULL),"
		"('documents','metadata_extracted','json',false,NULL),"
		"('documents','ingestion_status','character varying(50)',true,'''success''::character varying'),"
		"('documents','error_message','character varying(1000)',false,NULL),"
		"('documents','created_at','timestamp without time zone',true,'now()'),"
		"('documents','updated_at','timestamp without time zone',true,'now()'),"
		"('hash_index','id','integer',true,format('nextval(%%L::regclass)',$1::regnamespace||'.hash_index_id_seq')),"
		"('hash_index','file_hash','character varying(64)',true,NULL),"
		"('hash_index','document_id','integer',true,NULL),"
		"('hash_index','first_seen','timestamp without time zone',true,'now()'),"
		"('hash_index','duplicate_count','integer',true,'0'),"
		"('hash_index','last_seen','timestamp without time zone',true,'now()'),"
		"('audit_log','id','integer',true,format('nextval(%%L::regclass)',$1::regnamespace||'.audit_log_id_seq')),"
		"('audit_log','document_id','integer',true,NULL),"
		"('audit_log','action','character varying(50)',true,NULL),"
		"('audit_log','action_timestamp','timestamp without time zone',true,'now()'),"
		"('audit_log','user_or_system','character varying(255)',true,'''system''::character varying'),"
		"('audit_log','old_value','json',false,NULL),"
		"('audit_log','new_value','json',false,NULL),"
		"('audit_log','change_reason','character varying(500)',false,NULL),"
		"('audit_log','db_user','name',false,NULL),"
		"('error_log','id','integer',true,format('nextval(%%L::regclass)',$1::regnamespace||'.error_log_id_seq')),"
		"('error_log','file_name','character varying(500)',true,NULL),"
		"('error_log','error_type','character varying(100)',true,NULL),"
		"('error_log','error_message','character varying(2000)',true,NULL),"
		"('error_log','error_timestamp','timestamp without time zone',true,'now()'),"
		"('error_log','retry_attempted','boolean',true,'false'),"
		"('error_log','resolution_notes','character varying(1000)',false,NULL)"
		") AS e (t, c, type, not_null, def) WHERE NOT EXISTS (SELECT"
		" FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d"
		" ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
		" JOIN pg_class AS r ON r.oid = a.attrelid AND r.relnamespace = $1"
		" WHERE r.relname = e.t"
		" AND a.attname = e.c AND NOT a.attisdropped"
		" AND format_type(a.atttypid, a.atttypmod) = e.type"
		" AND a.attnotnull = e.not_null"
		" AND pg_get_expr(d.adbin, d.adrelid) IS NOT DISTINCT FROM e.def) ORDER BY 1"
	},
	{
		"indexes", "indexes missing, changed or invalid",
		"SELECT e.i FROM (VALUES"
		"('documents','ix_documents_ingestion_timestamp','(ingestion_timestamp)'),"
		"('documents','ix_documents_file_type','(file_type)'),"
		"('audit_log','ix_audit_log_document_id','(document_id)'),"
		"('audit_log','ix_audit_log_action_timestamp','(action_timestamp)'),"
		"('error_log','ix_error_log_error_timestamp','(error_timestamp)'),"
		"('error_log','ix_error_log_file_name','(file_name) WHERE (NOT retry_attempted)')"
		") AS e (t, i, columns) WHERE NOT EXISTS (SELECT FROM pg_index AS x"
		" JOIN pg_class AS r ON r.oid = x.indrelid"
		" JOIN pg_class AS c ON c.oid = x.indexrelid"
		" WHERE r.relnamespace = $1 AND r.relname = e.t AND c.relname = e.i"
		" AND x.indisvalid AND NOT x.indisunique"
		" AND substring(pg_get_indexdef(c.oid) FROM ' USING .*')"
		" = ' USING btree ' || e.columns) ORDER BY 1"
	},
	{
		"constraints", "constraints missing, changed or not validated",
		"SELECT e.k FROM (VALUES"
		"('documents','documents_pkey','PRIMARY KEY (id)'),"
		"('documents','ix_documents_file_hash','UNIQUE (file_hash)'),"
		"('hash_index','hash_index_pkey','PRIMARY KEY (id)'),"
		"('hash_index','ix_hash_index_file_hash','UNIQUE (file_hash)'),"
		"('audit_log','audit_log_pkey','PRIMARY KEY (id)'),"
		"('error_log','error_log_pkey','PRIMARY KEY (id)')"
		") AS e (t, k, def) WHERE NOT EXISTS (SELECT FROM pg_constraint AS k"
		" LEFT JOIN pg_index AS x ON x.indexrelid = k.conindid"
		" JOIN pg_class AS r ON r.oid = k.conrelid AND r.relnamespace = $1"
		" WHERE r.relname = e.t AND k.conname = e.k AND k.convalidated AND x.indisvalid"
		" AND pg_get_constraintdef(k.oid) = e.def) ORDER BY 1"
	},
	{
		"triggers", "triggers missing, changed or disabled",
		"SELECT e.g FROM (VALUES"
		"('documents','documents_before_update','O','documents_before_update',19,0),"
		"('documents','documents_after_insert','O','documents_after_insert',4,1),"
		"('documents','documents_after_update','O','documents_after_update',16,1),"
		"('documents','documents_after_delete','O','documents_after_delete',8,0),"
		"('documents','documents_refuse_truncate','A','documents_refuse_truncate',34,0),"
		"('audit_log','audit_log_check_actions','O','audit_log_check_actions',4,0),"
		"('audit_log','audit_log_refuse_change','A','audit_log_refuse_change',27,0),"
		"('audit_log','audit_log_refuse_truncate','A','audit_log_refuse_change',34,0),"
		"('document_inbox','document_inbox_before_insert','O','document_inbox_before_insert',6,0),"
		"('document_inbox','document_inbox_insert','O','document_inbox_insert',69,0),"
		"('document_inbox','document_inbox_after_insert','O','document_inbox_after_insert',4,0)"
		") AS e (t, g, enabled, f, type, arguments) WHERE NOT EXISTS (SELECT"
		" FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid"
		" JOIN pg_class AS r ON r.oid = g.tgrelid AND r.relnamespace = $1"
		" WHERE r.relname = e.t AND g.tgname = e.g AND g.tgenabled = e.enabled"
		" AND g.tgtype = e.type AND g.tgnargs = e.arguments"
		" AND g.tgqual IS NULL AND g.tgattr = ''"
		" AND p.proname = e.f AND p.pronamespace = $1) ORDER BY 1"
	},
	{
		"event triggers", "event triggers missing or disabled",
		"SELECT e.g FROM (VALUES ('doc_extractor_ddl_start'),"
		"('doc_extractor_ddl_end')) AS e (g) WHERE NOT EXISTS (SELECT"
		" FROM pg_event_trigger AS g JOIN pg_proc AS p ON p.oid = g.evtfoid"
		" WHERE g.evtname = e.g AND g.evtenabled = 'O'"
		" AND p.pronamespace = $1) ORDER BY 1"
	},
	{
		"documents are indexed", "documents without their hash_index row",
		"SELECT d.id::text FROM %1$s.documents AS d WHERE NOT EXISTS (SELECT"
		" FROM %1$s.hash_index AS h WHERE h.document_id = d.id"
		" AND h.file_hash = d.file_hash) ORDER BY d.id"
	},
	{
		"index has documents", "hash_index rows without their document",
		"SELECT h.id::text FROM %1$s.hash_index AS h WHERE NOT EXISTS (SELECT"
		" FROM %1$s.documents AS d WHERE d.id = h.document_id"
		" AND d.file_hash = h.file_hash) ORDER BY h.id"
	},
	{
		/* For adopted documents, the last one's trail row speaks for all. */
		"documents have a trail", "documents without their \"ingested\" trail row",
		"SELECT d.id::text FROM %1$s.documents AS d WHERE NOT EXISTS (SELECT"
		" FROM %1$s.audit_log AS a WHERE a.document_id = d.id"
		" AND a.action = 'ingested') AND d.id > coalesce((SELECT"
		" max(a.document_id) FROM %1$s.audit_log AS a"
		" WHERE a.action = 'ingested'"
		" AND a.change_reason = 'adopted with all documents before'), 0)"
		" ORDER BY d.id"
	},
	{
		"hashes", "documents whose file_hash is not a SHA-256 hash",
		"SELECT d.id::text FROM %1$s.documents AS d"
		" WHERE length(d.file_hash) <> 64"
		" OR btrim(d.file_hash, '0123456789abcdef') <> ''"
		" ORDER BY d.id"
	},
	{
		"statuses", "documents whose ingestion_status is not valid",
		"SELECT d.id::text FROM %1$s.documents AS d"
		" WHERE d.ingestion_status NOT IN ('success', 'failed', 'retry')"
		" ORDER BY d.id"
	},
	{
		"actions", "audit_log rows whose action is not valid",
		"SELECT a.id::text FROM %1$s.audit_log AS a"
		" WHERE a.action NOT IN ('ingested', 'updated', 'deleted',"
		" 'classified', 'tagged', 'error') ORDER BY a.id"
	},
	{
		"sequences", "sequences behind the ids of their table",
		"SELECT 'documents_id_seq' FROM %1$s.documents_id_seq AS s,"
		" (SELECT max(id) FROM %1$s.documents) AS m (id)"
		" WHERE s.last_value < m.id OR s.last_value = m.id AND NOT s.is_called"
		" UNION ALL SELECT 'hash_index_id_seq' FROM %1$s.hash_index_id_seq AS s,"
		" (SELECT max(id) FROM %1$s.hash_index) AS m (id)"
		" WHERE s.last_value < m.id OR s.last_value = m.id AND NOT s.is_called"
		" UNION ALL SELECT 'audit_log_id_seq' FROM %1$s.audit_log_id_seq AS s,"
		" (SELECT max(id) FROM %1$s.audit_log) AS m (id)"
		" WHERE s.last_value < m.id OR s.last_value = m.id AND NOT s.is_called"
		" UNION ALL SELECT 'error_log_id_seq' FROM %1$s.error_log_id_seq AS s,"
		" (SELECT max(id) FROM %1$s.error_log) AS m (id)"
		" WHERE s.last_value < m.id OR s.last_value = m.id AND NOT s.is_called ORDER BY 1"
	}
};

/*
 * Runs the query of a check, and returns its row as SPI's result.  In it, %1$s
 * is the schema as an identifier, and $1 its oid.
 */
static void
QueryCheck(const Check *check, Oid schema)
{
	Oid			types[1] = {OIDOID};
	Datum		parameters[1];
	char	   *wrong = psprintf(check->query,
								 quote_identifier(get_namespace_name(schema)));
	char	   *query = psprintf("SELECT count(*), string_agg(w.w, ', ')"
								 " FILTER (WHERE w.n <= %d) FROM (SELECT x.x,"
								 " row_number() OVER () FROM (%s) AS x (x))"
								 " AS w (w, n)", EXAMPLES, wrong);

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

	*passed = count == 0;
	initStringInfo(&detail);
	appendStringInfo(&detail, INT64_FORMAT " %s", count, check->wrong);
	if (count > 0)
		appendStringInfo(&detail, ": %s%s", SPI_getvalue(row, desc, 2),
						 count > EXAMPLES ? ", ..." : "");
	return detail.data;
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

	InitMaterializedSRF(fcinfo, 0);
	SwitchToRestrictedOwner(&ledger, LedgerTableOid(&ledger, "documents"),
						  &caller);
	for (size_t i = 0; i < lengthof(checks); i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};
		bool		passed;

		values[0] = CStringGetTextDatum(checks[i].name);
		values[2] = CStringGetTextDatum(RunCheck(&checks[i], ledger.schema,
												 &passed));
		values[1] = BoolGetDatum(passed);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SwitchBack(&caller);
	return (Datum) 0;
}
