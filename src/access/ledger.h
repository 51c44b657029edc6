/*
 * ledger.h
 *		The extension's tables, found by the schema of its functions.
 */
#ifndef DOC_EXTRACTOR_LEDGER_H
#define DOC_EXTRACTOR_LEDGER_H

#include "catalog/pg_class.h"
#include "fmgr.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"

#define EXTENSION_NAME "doc_extractor"

/* The ledger that a function call is for. */
typedef struct Ledger
{
	Oid			schema;			/* of the function, and so of the tables */
	Oid			function_owner; /* whose rights the function may use */
} Ledger;

extern Ledger GetLedger(FunctionCallInfo fcinfo);
extern Ledger GetLedgerToWrite(FunctionCallInfo fcinfo);
extern void CheckLedgerStays(const Ledger *ledger, const char *schema_name,
							 FunctionCallInfo fcinfo);
extern Oid	FindLedgerTable(const Ledger *ledger, const char *name);
extern Oid	LedgerTableOid(const Ledger *ledger, const char *name);
extern Relation OpenLedgerTable(const Ledger *ledger, const char *name,
								LOCKMODE lockmode);
extern void LockTableToWrite(const Ledger *ledger, const char *name);
extern bool IsLedgerTable(const Ledger *ledger, Oid table);
extern void CheckIsTable(Form_pg_class form);

#endif							/* DOC_EXTRACTOR_LEDGER_H */
