/*
 * type_change.h
 *		Changing the types of the ledger's columns and sequences.
 */
#ifndef DOC_EXTRACTOR_TYPE_CHANGE_H
#define DOC_EXTRACTOR_TYPE_CHANGE_H

#include "nodes/pg_list.h"

#include "../access/ledger.h"

/* What to change, and as whom. */
typedef struct TypeChange
{
	Ledger		ledger;
	bool		widens;			/* or makes types narrower again */
	char	   *time_zone;		/* of times without one; NULL: leave times alone */
	Oid			owner;			/* of documents */
	Oid			definer;		/* who drops and makes views */
	bool		is_new;			/* our own script is just making the ledger */
} TypeChange;

/* Something to do: a row of doc_extractor_widen_preview(). */
typedef struct PlannedAction
{
	const char *action;
	const char *object;
	const char *bytes;			/* a number, or NULL */
} PlannedAction;

/* Numbers or times that do not fit into narrower types. */
typedef struct Misfit
{
	int64		count;
	const char *what;			/* for messages, after the count */
	bool		is_time;
} Misfit;

/* All of these need SPI, and what they return lives as long as that. */
extern List *PlanTypeChange(const TypeChange *change);
extern void CheckObstacles(const TypeChange *change);
extern List *FindMisfits(const TypeChange *change);
extern void ChangeTypes(const TypeChange *change, bool only_times);
extern List *DropViews(const TypeChange *change);
extern void MakeViews(const TypeChange *change, List *statements);

/* Not this one. */
extern void LockForTypeChange(const TypeChange *change);

#endif							/* DOC_EXTRACTOR_TYPE_CHANGE_H */
