/*
 * restore.c
 *		Recognition of the rows that a restore inserts.
 *
 * A backup has the rows of hash_index and audit_log too.  A restore creates the
 * extension with its triggers before it loads the data; if these derived the rows
 * once more, they would double the trail or collide with what is loaded.  So the
 * insert triggers do nothing for restored rows, and only for those.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "../compat.h"
#include "../settings.h"
#include "restore.h"

/* Returns whether the session has the settings that every pg_dump script makes. */
bool
IsDumpSession(void)
{
	return !check_function_bodies &&
		client_min_messages == WARNING &&
		strcmp(GetConfigOption("search_path", false, false), "") == 0;
}

/*
 * Returns which of the rows being inserted into a table come from a backup.  None
 * do unless the table's owner inserts them (who could disable triggers anyway), not
 * through a function that runs with other rights, and either has set
 * doc_extractor.restoring or seems to run a dump script.
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
 * Writes to the server log that rows of a table were taken for a backup's: once a
 * session at level LOG, as a dump may insert row by row.
 */
void
LogRestore(Relation rel)
{
	static bool logged = false;

	ereport(logged ? DEBUG1 : LOG,
			(errmsg("restoring \"%s\": its insert triggers ignore rows of a backup",
					RelationGetRelationName(rel))));
	logged = true;
}
