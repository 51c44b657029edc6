/*
 * defaults.h
 *		Column defaults, made ready once a session.
 */
#ifndef DOC_EXTRACTOR_DEFAULTS_H
#define DOC_EXTRACTOR_DEFAULTS_H

#include "nodes/execnodes.h"
#include "utils/relcache.h"

extern void UseDefaults(MemoryContext context);
extern ExprState *GetColumnDefault(Relation rel, AttrNumber column,
								   bool *is_stable);

#endif							/* DOC_EXTRACTOR_DEFAULTS_H */
