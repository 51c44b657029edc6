/*
 * json.h
 *		Metadata as JSON.
 */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>

extern char *ItemsToJson(const char *items, size_t length);

#endif							/* JSON_H */
