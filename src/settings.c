/*
 * settings.c
 *		The doc_extractor.* settings: definitions and checks.
 */
#include "postgres.h"

#include <limits.h>

#include "mb/pg_wchar.h"
#include "utils/guc.h"

#include "compat.h"
#include "settings.h"

char	   *doc_extractor_application_user;
char	   *doc_extractor_user;
char	   *doc_extractor_reason;
int			doc_extractor_audit_value_limit;
int			doc_extractor_on_bad_document;
bool		doc_extractor_restoring;
bool		doc_extractor_allow_data_loss;

static const struct config_enum_entry on_bad_document_options[] = {
	{"error", BAD_DOCUMENT_ERROR, false},
	{"log", BAD_DOCUMENT_LOG, false},
	{NULL, 0, false}
};

/* Check hooks: refuse a text that its column in audit_log could not hold. */
static bool
CheckLength(const char *value, int limit)
{
	if (value == NULL || pg_mbstrlen(value) <= limit)
		return true;
	GUC_check_errdetail("The value has %d characters, audit_log holds %d.",
						pg_mbstrlen(value), limit);
	return false;
}

static bool
CheckUser(char **newval, void **extra, GucSource source)
{
	return CheckLength(*newval, USER_LIMIT);
}

static bool
CheckReason(char **newval, void **extra, GucSource source)
{
	return CheckLength(*newval, REASON_LIMIT);
}

/* Defines every setting and reserves the prefix. */
void
DefineSettings(void)
{
	/* Any role may set it, as the application knows its users. */
	DefineCustomStringVariable("doc_extractor.application_user",
							   "Sets the application's user, for user_or_system in audit_log.",
							   "If empty, doc_extractor.user is taken; if that is empty too, the login role.",
							   &doc_extractor_application_user, "",
							   PGC_USERSET, 0,
							   CheckUser, NULL, NULL);

	/* An alias: SET takes its name in quotes only. */
	DefineCustomStringVariable("doc_extractor.user",
							   "Sets the application's user, if doc_extractor.application_user is empty.",
							   "Use doc_extractor.application_user: user is a reserved word of SQL.",
							   &doc_extractor_user, "",
							   PGC_USERSET, 0,
							   CheckUser, NULL, NULL);

	/* Any role may set it. */
	DefineCustomStringVariable("doc_extractor.reason",
							   "Sets the reason of changes, for change_reason in audit_log.",
							   "If empty, change_reason is NULL.",
							   &doc_extractor_reason, "",
							   PGC_USERSET, 0,
							   CheckReason, NULL, NULL);

	/* For superusers only, so that writers cannot thin out their trail. */
	DefineCustomIntVariable("doc_extractor.audit_value_limit",
							"Sets the maximum size of a value that audit_log stores in full.",
							"Longer values are replaced by their length and SHA-256. 0 means no limit.",
							&doc_extractor_audit_value_limit, 8192, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_BYTE,
							NULL, NULL, NULL);

	/* Any role may set it, as a document does not get lost either way. */
	DefineCustomEnumVariable("doc_extractor.on_bad_document",
							 "Sets what happens to a document of a batch that cannot be ingested.",
							 "\"error\" fails the statement. \"log\" writes the document to error_log and ingests the others.",
							 &doc_extractor_on_bad_document, BAD_DOCUMENT_ERROR,
							 on_bad_document_options,
							 PGC_USERSET, 0,
							 NULL, NULL, NULL);

	/* Any role may set it, but it affects only what the owner inserts. */
	DefineCustomBoolVariable("doc_extractor.restoring",
							 "Sets whether the rows that the tables' owner inserts come from a backup.",
							 "A backup has the hash_index and audit_log rows too, so none are derived.",
							 &doc_extractor_restoring, false,
							 PGC_USERSET, 0,
							 NULL, NULL, NULL);

	/* Any role may set it, but it affects only those who may drop data. */
	DefineCustomBoolVariable("doc_extractor.allow_data_loss",
							 "Sets whether drops and roll-backs may lose documents or parts of the trail.",
							 "If off, they are refused while there is data to lose.",
							 &doc_extractor_allow_data_loss, false,
							 PGC_USERSET, 0,
							 NULL, NULL, NULL);

	MarkGUCPrefixReserved("doc_extractor");
}
