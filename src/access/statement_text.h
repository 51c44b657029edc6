/*
 * statement_text.h
 *		The texts of the SQL statements, in a file for each group of tables.
 */
#ifndef DOC_EXTRACTOR_STATEMENT_TEXT_H
#define DOC_EXTRACTOR_STATEMENT_TEXT_H

#include "statements.h"

#define MAX_PARAMETERS 10

/* Tables, operators and functions are schema-qualified. */
typedef struct StatementText
{
	const char *table;			/* whose owner runs it */
	const char *text;			/* %1$s stands for the quoted schema */
	int			nparameters;
	Oid			parameters[MAX_PARAMETERS]; /* types */
	bool		checks_present; /* see RunPlan() */
} StatementText;

/* Each has the statements on its tables; the others are zero. */
extern const StatementText document_statements[NUMBER_OF_STATEMENTS];
extern const StatementText error_statements[NUMBER_OF_STATEMENTS];
extern const StatementText location_statements[NUMBER_OF_STATEMENTS];

#endif							/* DOC_EXTRACTOR_STATEMENT_TEXT_H */
