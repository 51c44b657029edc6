/*
 * restricted_write.h
 *		Writes as an owner whose code could gain rights from the session.
 */
#ifndef DOC_EXTRACTOR_RESTRICTED_WRITE_H
#define DOC_EXTRACTOR_RESTRICTED_WRITE_H

extern void InstallWriteHooks(void);

#endif							/* DOC_EXTRACTOR_RESTRICTED_WRITE_H */
