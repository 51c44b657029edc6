/*
 * text_argument.h
 *		Arguments of type text that must say something.
 */
#ifndef DOC_EXTRACTOR_TEXT_ARGUMENT_H
#define DOC_EXTRACTOR_TEXT_ARGUMENT_H

#include "fmgr.h"

extern char *TextArgument(FunctionCallInfo fcinfo, int number,
						  const char *name, int limit);

#endif							/* DOC_EXTRACTOR_TEXT_ARGUMENT_H */
