/*
 * text_argument.c
 *		Arguments of type text that must say something.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "../lib/encoding.h"
#include "../tables/document.h"
#include "text_argument.h"

/*
 * Returns an argument.  Raises 22004 if it is NULL, 22021 if it is not in the
 * database's encoding, 22023 if it is blank, 22001 if it is longer than "limit"
 * characters, unless that is 0.
 */
char *
TextArgument(FunctionCallInfo fcinfo, int number, const char *name, int limit)
{
	char	   *value;

	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
	value = text_to_cstring(PG_GETARG_TEXT_PP(number));
	CheckEncoded(name, value, strlen(value));
	if (IsBlank(value, strlen(value)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be blank", name)));
	if (limit > 0 && pg_mbstrlen(value) > limit)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("%s is too long: %d characters, at most %d are allowed",
						name, pg_mbstrlen(value), limit)));
	return value;
}
