/*
 * ddl_log.h
 *		Changes to the extension's tables, in the server log.
 */
#ifndef DOC_EXTRACTOR_DDL_LOG_H
#define DOC_EXTRACTOR_DDL_LOG_H

extern void LogCommand(const char *command, Oid table, const char *object);

#endif							/* DOC_EXTRACTOR_DDL_LOG_H */
