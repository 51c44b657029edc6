/*
 * audit_log.h
 *		Rows of audit_log: the trail.
 */
#ifndef DOC_EXTRACTOR_AUDIT_LOG_H
#define DOC_EXTRACTOR_AUDIT_LOG_H

#include "../access/row_writer.h"
#include "row_json.h"

/* The columns that a row of ours sets. */
typedef enum TrailColumn
{
	TRAIL_TIME,
	TRAIL_DOCUMENT,
	TRAIL_ACTION,
	TRAIL_USER,
	TRAIL_OLD_VALUE,
	TRAIL_NEW_VALUE,
	TRAIL_REASON,
	TRAIL_LOGIN_ROLE,			/* since 1.1 */
	TRAIL_COLUMNS
} TrailColumn;

/* audit_log, open for the rows of one statement. */
typedef struct Trail
{
	const Ledger *ledger;
	RowWriter  *rows;			/* NULL: rows are inserted by statement */
	int			ncolumns;		/* that the ledger has */
	AttrNumber	id;
	Datum		user;			/* text, the same for all rows */
	Datum		reason;			/* text; zero: none */
	Datum		login_role;		/* name */
} Trail;

/* A row of audit_log.  A zero Datum stands for NULL, or the setting's reason. */
typedef struct TrailEntry
{
	int64		document_id;
	const char *action;
	Datum		old_value;		/* json */
	Datum		new_value;		/* json */
	Datum		reason;			/* text */
} TrailEntry;

/* The trail of documents that a statement inserts, updates or deletes. */
typedef struct DocumentTrail
{
	const Ledger *ledger;
	Trail		trail;			/* opened for the first row */
	bool		is_open;
	AttrNumber	id;				/* a column of documents */
	RowEncoder *encoder;
	bool	   *columns;		/* which ones go into the row */
	MemoryContext row_context;
} DocumentTrail;

extern void CheckAction(const char *action, int sqlstate);
extern void OpenTrail(Trail *trail, const Ledger *ledger);
extern bool WriteTrail(Trail *trail, const TrailEntry *entry, int64 *id);
extern void CloseTrail(Trail *trail);
extern bool HasTrail(const Ledger *ledger, int64 document_id);

extern void OpenDocumentTrail(DocumentTrail *trail, const Ledger *ledger,
							  TupleDesc documents);
extern void AuditInsert(DocumentTrail *trail, TupleTableSlot *row);
extern bool ChooseChangedColumns(DocumentTrail *trail, TupleTableSlot *old_row,
								 TupleTableSlot *new_row,
								 AttrNumber updated_at);
extern void AuditUpdate(DocumentTrail *trail, TupleTableSlot *old_row,
						TupleTableSlot *new_row);
extern void AuditDelete(DocumentTrail *trail, TupleTableSlot *row);
extern void CloseDocumentTrail(DocumentTrail *trail);

#endif							/* DOC_EXTRACTOR_AUDIT_LOG_H */
