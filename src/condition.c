/*
 * condition.c
 *		Names of error conditions, as PL/pgSQL has them.
 */
#include "postgres.h"

#include "condition.h"

/* The server's, made from its header by the Makefile. */
static const struct
{
	int			sqlstate;
	const char *name;
}			conditions[] = {
#include "condition_names.h"
};

/*
 * Returns the name of an SQLSTATE's condition; of one that the server does not
 * know, its five characters.
 */
const char *
ConditionName(int sqlstate)
{
	/* Where two have the same SQLSTATE, the last one has PL/pgSQL's name. */
	for (int i = lengthof(conditions) - 1; i >= 0; i--)
		if (conditions[i].sqlstate == sqlstate)
			return conditions[i].name;
	return unpack_sql_state(sqlstate);
}
