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
#include "trail.h"

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

/* Refuses a text that its column in audit_log could not hold. */
static bool
CheckLength(const char *value, int limit)
{
	if (value == NULL || pg_mbstrlen(value) <= limit)
		return true;
	GUC_check_errdetail("The value has %d characters, audit_log holds %d.",
						pg_mbstrlen(value), limit);
	return false;
}

/* Check hook of doc_extractor.user. */
static bool
CheckUser(char **newval, void **extra, GucSource source)
{
	return CheckLength(*newval, TRAIL_USER_LIMIT);
}

/* Check hook of doc_extractor.reason. */
static bool
CheckReason(char **newval, void **extra, GucSource source)
{
	return CheckLength(*newval, TRAIL_REASON_LIMIT);
}

/* Defines every setting and reserves the prefix. */
void
DefineSettings(void)
{
	/* Who: any role may say so, as the application knows its users. */
	DefineCustomStringVariable("doc_extractor.user",
							   "The application's user, for the trail's user_or_system.",
							   "Empty: the login role.",
							   &doc_extractor_user, "",
							   PGC_USERSET, 0,
							   CheckUser, NULL, NULL);

	/* Why: free text, also for any role. */
	DefineCustomStringVariable("doc_extractor.reason",
							   "The reason of the changes, for the trail's change_reason.",
							   "Empty: none.",
							   &doc_extractor_reason, "",
							   PGC_USERSET, 0,
							   CheckReason, NULL, NULL);

	/* For superusers: a writer must not be able to thin out its own trail. */
	DefineCustomIntVariable("doc_extractor.audit_value_limit",
							"The longest value that the trail holds itself.",
							"A longer one is replaced by its length and SHA-256. 0: no limit.",
							&doc_extractor_audit_value_limit, 8192, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_BYTE,
							NULL, NULL, NULL);

	/* For those who ingest: neither way loses a document from sight. */
	DefineCustomEnumVariable("doc_extractor.on_bad_document",
							 "What a document does that cannot be ingested, in a batch or document_inbox.",
							 "error: it stops the statement. log: it goes to error_log, the others are ingested.",
							 &doc_extractor_on_bad_document, BAD_DOCUMENT_ERROR,
							 on_bad_document_options,
							 PGC_USERSET, 0,
							 NULL, NULL, NULL);

	/* Any role may set it, but it has an effect for the tables' owner only. */
	DefineCustomBoolVariable("doc_extractor.restoring",
							 "Rows that the owner inserts are a backup's.",
							 "They come with their hash_index and audit_log rows, so none are derived.",
							 &doc_extractor_restoring, false,
							 PGC_USERSET, 0,
							 NULL, NULL, NULL);

	/* For those who may drop or roll back anyway: a second thought. */
	DefineCustomBoolVariable("doc_extractor.allow_data_loss",
							 "Drops and roll-backs may lose documents or parts of the trail.",
							 "Off: they are refused while there is anything to lose.",
							 &doc_extractor_allow_data_loss, false,
							 PGC_USERSET, 0,
							 NULL, NULL, NULL);

	MarkGUCPrefixReserved("doc_extractor");
}
