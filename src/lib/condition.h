/*
 * condition.h
 *		Names of error conditions.
 */
#ifndef DOC_EXTRACTOR_CONDITION_H
#define DOC_EXTRACTOR_CONDITION_H

extern const char *ConditionName(int sqlstate);

#endif							/* DOC_EXTRACTOR_CONDITION_H */
