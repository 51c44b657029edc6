/*
 * condition.c
 *		Names of error conditions, as PL/pgSQL spells them.
 */
#include "postgres.h"

#include "condition.h"

/* The server's conditions; the Makefile makes the list from its header. */
static const struct
{
	int			sqlstate;
	const char *name;
}			conditions[] = {
#include "condition_names.h"
};

/*
 * Returns the name of an SQLSTATE's condition, or the SQLSTATE's five characters
 * if the server has no name for it.
 */
const char *
ConditionName(int sqlstate)
{
	/* If several names have the same SQLSTATE, PL/pgSQL uses the last one. */
	for (int i = lengthof(conditions) - 1; i >= 0; i--)
		if (conditions[i].sqlstate == sqlstate)
			return conditions[i].name;
	return unpack_sql_state(sqlstate);
}
