/*
 * text_argument.h
 *		Arguments of functions that are texts: read and checked.
 */
#ifndef DOC_EXTRACTOR_TEXT_ARGUMENT_H
#define DOC_EXTRACTOR_TEXT_ARGUMENT_H

#include "fmgr.h"

extern char *RequiredText(FunctionCallInfo fcinfo, int number,
						  const char *name, int limit);
extern void CheckText(FunctionCallInfo fcinfo, int number, const char *name);

#endif							/* DOC_EXTRACTOR_TEXT_ARGUMENT_H */
