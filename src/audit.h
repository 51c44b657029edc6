/*
 * audit.h
 *		What happened to new documents before their hash_index rows.
 */
#ifndef DOC_EXTRACTOR_AUDIT_H
#define DOC_EXTRACTOR_AUDIT_H

extern bool NewDocumentsMayHaveChanged(void);

#endif							/* DOC_EXTRACTOR_AUDIT_H */
