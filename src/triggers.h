/*
 * triggers.h
 *		What the trigger functions share.
 */
#ifndef DOC_EXTRACTOR_TRIGGERS_H
#define DOC_EXTRACTOR_TRIGGERS_H

#include "commands/trigger.h"
#include "fmgr.h"

extern TriggerData *CheckTrigger(FunctionCallInfo fcinfo, const char *name,
								 TriggerEvent event);

#endif							/* DOC_EXTRACTOR_TRIGGERS_H */
