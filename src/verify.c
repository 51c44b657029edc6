/*
 * verify.c
 *		doc_extractor_verify(): is the ledger what it should be?
 *
 * Each check is a query for what is wrong: it returns a number, and a list of
 * the first few.  They run as the owner of the tables and read only.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "relations.h"

PG_FUNCTION_INFO_V1(doc_extractor_verify);

typedef struct Check
{
	const char *name;
	const char *wrong;			/* what it counts, for the detail */
	const char *query;			/* rows of one text; %1$s: the schema */
} Check;

/* How many of them a detail names. */
#define EXAMPLES 5

static const Check checks[] = {
	{
		"tables", "missing tables",
		"SELECT e.t FROM (VALUES ('documents'),('hash_index'),('audit_log'),"
		"('error_log')) AS e (t) WHERE NOT EXISTS (SELECT FROM pg_class AS c"
		" WHERE c.oid = to_regclass(format('%1$s.%%I', e.t))"
		" AND c.relkind = 'r')"
	},
	{
		"columns", "columns missing or changed",
		"SELECT e.t || '.' || e.c FROM (VALUES"
		"('documents','id','integer',true,'nextval(''%1$s.documents_id_seq''::regclass)'),"
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
		"('hash_index','id','integer',true,'nextval(''%1$s.hash_index_id_seq''::regclass)'),"
		"('hash_index','file_hash','character varying(64)',true,NULL),"
		"('hash_index','document_id','integer',true,NULL),"
		"('hash_index','first_seen','timestamp without time zone',true,'now()'),"
		"('hash_index','duplicate_count','integer',true,'0'),"
		"('hash_index','last_seen','timestamp without time zone',true,'now()'),"
		"('audit_log','id','integer',true,'nextval(''%1$s.audit_log_id_seq''::regclass)'),"
		"('audit_log','document_id','integer',true,NULL),"
		"('audit_log','action','character varying(50)',true,NULL),"
		"('audit_log','action_timestamp','timestamp without time zone',true,'now()'),"
		"('audit_log','user_or_system','character varying(255)',true,'''system''::character varying'),"
		"('audit_log','old_value','json',false,NULL),"
		"('audit_log','new_value','json',false,NULL),"
		"('audit_log','change_reason','character varying(500)',false,NULL),"
		"('audit_log','db_user','name',false,NULL),"
		"('error_log','id','integer',true,'nextval(''%1$s.error_log_id_seq''::regclass)'),"
		"('error_log','file_name','character varying(500)',true,NULL),"
		"('error_log','error_type','character varying(100)',true,NULL),"
		"('error_log','error_message','character varying(2000)',true,NULL),"
		"('error_log','error_timestamp','timestamp without time zone',true,'now()'),"
		"('error_log','retry_attempted','boolean',true,'false'),"
		"('error_log','resolution_notes','character varying(1000)',false,NULL)"
		") AS e (t, c, type, not_null, def) WHERE NOT EXISTS (SELECT"
		" FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d"
		" ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
		" WHERE a.attrelid = to_regclass(format('%1$s.%%I', e.t))"
		" AND a.attname = e.c AND NOT a.attisdropped"
		" AND format_type(a.atttypid, a.atttypmod) = e.type"
		" AND a.attnotnull = e.not_null"
		" AND pg_get_expr(d.adbin, d.adrelid) IS NOT DISTINCT FROM e.def)"
	},
	{
		"indexes", "indexes missing, changed or invalid",
		"SELECT e.i FROM (VALUES"
		"('documents','ix_documents_ingestion_timestamp','CREATE INDEX ix_documents_ingestion_timestamp ON %1$s.documents USING btree (ingestion_timestamp)'),"
		"('documents','ix_documents_file_type','CREATE INDEX ix_documents_file_type ON %1$s.documents USING btree (file_type)'),"
		"('audit_log','ix_audit_log_document_id','CREATE INDEX ix_audit_log_document_id ON %1$s.audit_log USING btree (document_id)'),"
		"('audit_log','ix_audit_log_action_timestamp','CREATE INDEX ix_audit_log_action_timestamp ON %1$s.audit_log USING btree (action_timestamp)'),"
		"('error_log','ix_error_log_error_timestamp','CREATE INDEX ix_error_log_error_timestamp ON %1$s.error_log USING btree (error_timestamp)')"
		") AS e (t, i, def) WHERE NOT EXISTS (SELECT FROM pg_index AS x"
		" WHERE x.indexrelid = to_regclass('%1$s.' || e.i) AND x.indisvalid"
		" AND x.indrelid = to_regclass(format('%1$s.%%I', e.t))"
		" AND pg_get_indexdef(x.indexrelid) = e.def)"
	},
	{
		"constraints", "constraints missing, changed or not validated",
		"SELECT e.k FROM (VALUES"
		"('documents','documents_pkey','PRIMARY KEY (id)'),"
		"('documents','ix_documents_file_hash','UNIQUE (file_hash)'),"
		"('hash_index','hash_index_pkey','PRIMARY KEY (id)'),"
		"('hash_index','ix_hash_index_file_hash','UNIQUE (file_hash)'),"
		"('hash_index','hash_index_document_id_fkey','FOREIGN KEY (document_id) REFERENCES %1$s.documents(id) ON DELETE CASCADE'),"
		"('audit_log','audit_log_pkey','PRIMARY KEY (id)'),"
		"('error_log','error_log_pkey','PRIMARY KEY (id)')"
		") AS e (t, k, def) WHERE NOT EXISTS (SELECT FROM pg_constraint AS k"
		" LEFT JOIN pg_index AS x ON x.indexrelid = k.conindid"
		" WHERE k.conrelid = to_regclass(format('%1$s.%%I', e.t))"
		" AND k.conname = e.k AND k.convalidated AND x.indisvalid"
		" AND pg_get_constraintdef(k.oid) = e.def)"
	},
	{
		"triggers", "triggers missing, changed or disabled",
		"SELECT e.g FROM (VALUES"
		"('documents','documents_before_update','O','documents_before_update'),"
		"('documents','documents_after_insert','O','documents_after_insert'),"
		"('documents','documents_after_update','O','documents_after_update'),"
		"('documents','documents_after_delete','O','documents_after_delete'),"
		"('documents','documents_refuse_truncate','A','documents_refuse_truncate'),"
		"('hash_index','hash_index_before_insert','O','ledger_before_insert'),"
		"('hash_index','hash_index_after_insert','A','ledger_after_insert'),"
		"('audit_log','audit_log_before_insert','O','ledger_before_insert'),"
		"('audit_log','audit_log_after_insert','A','ledger_after_insert'),"
		"('audit_log','audit_log_refuse_change','A','audit_log_refuse_change'),"
		"('audit_log','audit_log_refuse_truncate','A','audit_log_refuse_change')"
		") AS e (t, g, enabled, f) WHERE NOT EXISTS (SELECT FROM pg_trigger AS g"
		" JOIN pg_proc AS p ON p.oid = g.tgfoid"
		" WHERE g.tgrelid = to_regclass(format('%1$s.%%I', e.t))"
		" AND g.tgname = e.g AND g.tgenabled = e.enabled"
		" AND p.proname = e.f AND p.pronamespace = '%1$s'::regnamespace)"
	},
	{
		"event triggers", "event triggers missing or disabled",
		"SELECT e.g FROM (VALUES ('doc_extractor_ddl_start'),"
		"('doc_extractor_ddl_end')) AS e (g) WHERE NOT EXISTS (SELECT"
		" FROM pg_event_trigger AS g JOIN pg_proc AS p ON p.oid = g.evtfoid"
		" WHERE g.evtname = e.g AND g.evtenabled = 'O'"
		" AND p.pronamespace = '%1$s'::regnamespace)"
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
		/* Documents that were adopted come before all that were ingested. */
		"documents have a trail", "documents without their \"ingested\" trail row",
		"SELECT d.id::text FROM %1$s.documents AS d WHERE NOT EXISTS (SELECT"
		" FROM %1$s.audit_log AS a WHERE a.document_id = d.id"
		" AND a.action = 'ingested') AND d.id > (SELECT min(a.document_id)"
		" FROM %1$s.audit_log AS a WHERE a.action = 'ingested') ORDER BY d.id"
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
		"SELECT 'documents_id_seq' FROM %1$s.documents_id_seq AS s WHERE s.last_value < (SELECT pg_catalog.max(id) FROM %1$s.documents)"
		" UNION ALL SELECT 'hash_index_id_seq' FROM %1$s.hash_index_id_seq AS s WHERE s.last_value < (SELECT pg_catalog.max(id) FROM %1$s.hash_index)"
		" UNION ALL SELECT 'audit_log_id_seq' FROM %1$s.audit_log_id_seq AS s WHERE s.last_value < (SELECT pg_catalog.max(id) FROM %1$s.audit_log)"
		" UNION ALL SELECT 'error_log_id_seq' FROM %1$s.error_log_id_seq AS s WHERE s.last_value < (SELECT pg_catalog.max(id) FROM %1$s.error_log)"
	}
};

/* Runs a check; notes its result row in "values". */
static void
RunCheck(const Check *check, const char *schema, Datum *values)
{
	char	   *wrong = psprintf(check->query, schema);
	char	   *query = psprintf("SELECT count(*), string_agg(w.w, ', ')"
								 " FILTER (WHERE w.n <= %d) FROM (SELECT x.x,"
								 " row_number() OVER () FROM (%s) AS x (x))"
								 " AS w (w, n)", EXAMPLES, wrong);
	int64		count;
	bool		is_null;
	StringInfoData detail;

	if (SPI_execute(query, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\"", query);
	count = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
										SPI_tuptable->tupdesc, 1, &is_null));
	initStringInfo(&detail);
	appendStringInfo(&detail, INT64_FORMAT " %s", count, check->wrong);
	if (count > 0)
		appendStringInfo(&detail, ": %s%s",
						 SPI_getvalue(SPI_tuptable->vals[0],
									  SPI_tuptable->tupdesc, 2),
						 count > EXAMPLES ? ", ..." : "");
	SPI_freetuptable(SPI_tuptable);

	values[0] = CStringGetTextDatum(check->name);
	values[1] = BoolGetDatum(count == 0);
	values[2] = CStringGetTextDatum(detail.data);
}

/*
 * doc_extractor_verify(): a result row for each check: its name, whether it
 * passed, and what it found.
 */
Datum
doc_extractor_verify(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			schema = FunctionSchema(fcinfo->flinfo->fn_oid);
	const char *schema_name = quote_identifier(get_namespace_name(schema));
	CallerIdentity caller;

	InitMaterializedSRF(fcinfo, 0);
	BecomeOwner(LedgerTable(schema, "documents"), &caller);
	SPI_connect();
	for (size_t i = 0; i < lengthof(checks); i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};

		RunCheck(&checks[i], schema_name, values);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SPI_finish();
	BecomeCaller(&caller);
	return (Datum) 0;
}
