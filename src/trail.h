/*
 * trail.h
 *		Rows of audit_log.
 */
#ifndef DOC_EXTRACTOR_TRAIL_H
#define DOC_EXTRACTOR_TRAIL_H

#include "relations.h"
#include "writer.h"

/* The widths of audit_log's columns, in characters. */
#define TRAIL_USER_LIMIT		255
#define TRAIL_REASON_LIMIT		500

/* audit_log, open for the time of one statement. */
typedef struct Trail
{
	RowWriter  *writer;
	AttrNumber	id;
	AttrNumber	document_id;
	AttrNumber	action;
	AttrNumber	action_timestamp;
	AttrNumber	user_or_system;
	AttrNumber	old_value;
	AttrNumber	new_value;
	AttrNumber	change_reason;
	AttrNumber	db_user;		/* since 1.1; else 0 */
	Datum		user;			/* of this statement */
	Datum		reason;			/* 0: none */
	Datum		login_role;		/* a name */
} Trail;

/* One row for it.  A zero Datum is NULL; a reason then comes from the setting. */
typedef struct TrailEntry
{
	int64		document_id;
	const char *action;
	Datum		old_value;		/* json */
	Datum		new_value;		/* json */
	Datum		reason;			/* text */
} TrailEntry;

extern void CheckAction(const char *action, int sqlstate);
extern void OpenTrail(Trail *trail, const Ledger *ledger);
extern bool WriteTrail(Trail *trail, const TrailEntry *entry);
extern int64 LastTrailId(Trail *trail);
extern void CloseTrail(Trail *trail);

#endif							/* DOC_EXTRACTOR_TRAIL_H */
