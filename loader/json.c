/*
 * json.c
 *		The JSON object of a file's metadata.
 *
 * This runs in the loader, on what a child has sent: nothing of it is trusted.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "json.h"
#include "utf8.h"

/* Our extractors know fewer. */
#define MAX_KEYS 100

typedef struct Item
{
	char		kind;
	const char *key;
	const char *value;
} Item;

/* Reads the item at *items, and moves it behind the item.  Returns false at the end. */
static bool
NextItem(const char **items, const char *end, Item *item)
{
	const char *key_end;
	const char *value_end;

	if (end - *items < 3)
		return false;
	item->kind = **items;
	item->key = *items + 1;
	key_end = memchr(item->key, '\0', end - item->key);
	if (key_end == NULL)
		return false;
	item->value = key_end + 1;
	value_end = memchr(item->value, '\0', end - item->value);
	if (value_end == NULL)
		return false;
	*items = value_end + 1;
	return true;
}

/* Writes a string with quotes; what is not valid UTF-8 becomes an empty string. */
static void
WriteString(FILE *out, const char *string)
{
	fputc('"', out);
	if (IsUtf8(string, strlen(string)))
		for (; *string != '\0'; string++)
		{
			if (*string == '"' || *string == '\\')
				fprintf(out, "\\%c", *string);
			else if (*string == '\n')
				fputs("\\n", out);
			else if (*string == '\t')
				fputs("\\t", out);
			else if ((unsigned char) *string < ' ')
				fprintf(out, "\\u%04x", *string);
			else
				fputc(*string, out);
		}
	fputc('"', out);
}

/* Writes a value: a number only if it is one. */
static void
WriteValue(FILE *out, const Item *item)
{
	size_t		digits = strspn(item->value, "0123456789");

	if (item->kind == ITEM_NUMBER && digits > 0 && digits < 20 && item->value[digits] == '\0' &&
		(item->value[0] != '0' || digits == 1))
		fputs(item->value, out);
	else
		WriteString(out, item->value);
}

/*
 * Takes the key of an item.  Returns false if an earlier item has it, or there are too many: a
 * child that was taken over must not keep the loader busy.
 */
static bool
TakeKey(const char **keys, int *count, const char *key)
{
	for (int i = 0; i < *count; i++)
		if (strcmp(keys[i], key) == 0)
			return false;
	if (*count == MAX_KEYS)
		return false;
	keys[(*count)++] = key;
	return true;
}

/* Writes the values of all items with the key, in brackets. */
static void
WriteList(FILE *out, const char *items, const char *end, const char *key)
{
	const char *separator = "";
	Item		item;

	fputc('[', out);
	while (NextItem(&items, end, &item))
		if (strcmp(item.key, key) == 0)
		{
			fputs(separator, out);
			WriteString(out, item.value);
			separator = ", ";
		}
	fputc(']', out);
}

/* Returns a JSON object of a child's items, to be freed; NULL if there are none. */
char *
ItemsToJson(const char *items, size_t length)
{
	const char *at = items;
	const char *end = length > 0 ? items + length : items;
	const char *separator = "{";
	const char *keys[MAX_KEYS];
	int			count = 0;
	char	   *json = NULL;
	size_t		size;
	FILE	   *out;
	Item		item;

	if (length == 0 || (out = open_memstream(&json, &size)) == NULL)
		return NULL;
	while (NextItem(&at, end, &item))
	{
		if (!TakeKey(keys, &count, item.key))
			continue;
		fputs(separator, out);
		separator = ", ";
		WriteString(out, item.key);
		fputs(": ", out);
		if (item.kind == ITEM_LIST)
			WriteList(out, items, end, item.key);
		else
			WriteValue(out, &item);
	}
	fputs(separator[0] == '{' ? "{}" : "}", out);
	fclose(out);
	return json;
}
