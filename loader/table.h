/*-------------------------------------------------------------------------
 *
 * table.h
 *		Results of queries, as tables or JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TABLE_H
#define TABLE_H

#include <libpq-fe.h>

/* Prints a table with a title, and an empty line after it. */
extern void PrintTable(const char *title, const PGresult *result);

/* Prints an object for each row; "type" becomes its first member. */
extern void PrintRowsAsJson(const char *type, const PGresult *result);

#endif							/* TABLE_H */
