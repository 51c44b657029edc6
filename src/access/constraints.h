/*
 * constraints.h
 *		Deferrable constraints while we write as an owner who could gain rights.
 */
#ifndef DOC_EXTRACTOR_CONSTRAINTS_H
#define DOC_EXTRACTOR_CONSTRAINTS_H

#include "nodes/execnodes.h"

extern void CheckConstraintsNow(ResultRelInfo *rri);
extern void InstallConstraintHook(void);

#endif							/* DOC_EXTRACTOR_CONSTRAINTS_H */
