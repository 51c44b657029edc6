/*
 * defaults.h
 *		Column defaults, planned once a session.
 */
#ifndef DOC_EXTRACTOR_DEFAULTS_H
#define DOC_EXTRACTOR_DEFAULTS_H

#include "nodes/primnodes.h"
#include "utils/relcache.h"

extern Expr *GetColumnDefault(Relation rel, AttrNumber column);

#endif							/* DOC_EXTRACTOR_DEFAULTS_H */
