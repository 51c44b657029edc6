/*
 * metadata.c
 *		Metadata in the child process: a list of items, each a kind, a key and a
 *		value.  The parent makes JSON of it, so that no file can forge its syntax.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "job.h"
#include "utf8.h"

/* Limits that keep a hostile file from filling the ledger. */
#define MAX_VALUE 10000
#define MAX_METADATA 200000

/* Adds an item whose value is cleaned and cut to a sane length; blank values are left out. */
static void
AddItem(Job *job, char kind, const char *key, const char *value, size_t length)
{
	Buffer		item = {0};

	if (value == NULL)
		return;
	Append(job, &item, value, length);
	item.length = CleanUtf8(item.data, item.length, &job->removed);
	item.length = TrimSpaces(item.data, item.length);
	item.length = CutUtf8(item.data, item.length, MAX_VALUE);
	if (item.length > 0 && job->metadata.length + item.length < MAX_METADATA)
	{
		Append(job, &job->metadata, &kind, 1);
		Append(job, &job->metadata, key, strlen(key) + 1);
		Append(job, &job->metadata, item.data, item.length);
		Append(job, &job->metadata, "", 1);
	}
	Release(job, item.data);
}

/* Returns whether there is a value for the key already. */
static bool
HasKey(Job *job, const char *key)
{
	size_t		at = 0;

	while (at < job->metadata.length)
	{
		const char *found = job->metadata.data + at + 1;
		const char *value = found + strlen(found) + 1;

		if (strcmp(found, key) == 0)
			return true;
		at = value + strlen(value) + 1 - job->metadata.data;
	}
	return false;
}

/* Adds a string, unless the key has a value: the first one counts. */
void
AddMetadata(Job *job, const char *key, const char *value)
{
	if (value != NULL)
		AddMetadataBytes(job, key, value, strlen(value));
}

/* As AddMetadata(), for bytes that no NUL ends. */
void
AddMetadataBytes(Job *job, const char *key, const char *value, size_t length)
{
	if (!HasKey(job, key))
		AddItem(job, ITEM_STRING, key, value, length);
}

/* Adds a number, unless the key has a value. */
void
AddNumber(Job *job, const char *key, uint64_t number)
{
	char		digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	if (!HasKey(job, key))
		AddItem(job, ITEM_NUMBER, key, digits, strlen(digits));
}

/* Adds a string to the list of the key. */
void
AddToList(Job *job, const char *key, const char *value)
{
	if (value != NULL)
		AddItem(job, ITEM_LIST, key, value, strlen(value));
}
