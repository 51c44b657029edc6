/*
 * restore.c
 *		Telling a backup's rows from new ones.
 *
 * A backup holds the rows of hash_index and audit_log beside those of
 * documents.  As an extension's triggers exist before the data comes back,
 * deriving them again would double the history or collide with it.  So the
 * insert triggers stand aside for restored rows, and only for those.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "compat.h"
#include "restore.h"
#include "settings.h"

/* Tells whether the session is set up as every pg_dump script sets it up. */
bool
IsDumpSession(void)
{
	return !check_function_bodies &&
		client_min_messages == WARNING &&
		strcmp(GetConfigOption("search_path", false, false), "") == 0;
}

/*
 * Tells which of the rows being inserted into "rel" are a backup's: none,
 * unless the owner itself (who could disable triggers anyway) inserts, neither
 * through a function with another's rights nor through ours, and either says
 * so with doc_extractor.restoring or runs what looks like a dump's script.
 */
RestoreMode
CurrentRestoreMode(Relation rel)
{
	Oid			user_id;
	int			security_context;

	if (!doc_extractor_restoring && !IsDumpSession())
		return RESTORE_NONE;
	GetUserIdAndSecContext(&user_id, &security_context);
	if (security_context != 0 ||
		!object_ownercheck(RelationRelationId, RelationGetRelid(rel), user_id))
		return RESTORE_NONE;
	return doc_extractor_restoring ? RESTORE_ALL : RESTORE_OLD_ROWS;
}

/*
 * Says in the server log that rows of "rel" were taken for a backup's: once a
 * session aloud, as a dump may insert row by row.
 */
void
LogRestore(Relation rel)
{
	static bool logged = false;

	ereport(logged ? DEBUG1 : LOG,
			(errmsg("restoring \"%s\": its insert triggers stand aside for a backup's rows",
					RelationGetRelationName(rel))));
	logged = true;
}
