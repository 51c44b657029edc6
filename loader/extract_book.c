/*
 * extract_book.c
 *		EPUB: the chapters in the order of reading.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extractors.h"
#include "package.h"

/* An item of the book's list of files, or the id of one in the order of reading. */
typedef struct Item
{
	char	   *id;
	char	   *href;
} Item;

typedef struct Book
{
	char	   *root;			/* name of the package document */
	Item	   *items;
	int			item_count;
	char	  **spine;
	int			spine_count;
	bool		encrypted;
	Buffer		value;
} Book;

#define MAX_ITEMS 5000

/* Makes room for one more element of an array; its size doubles at powers of two. */
static void *
Grow(Job *job, void *array, int count, size_t width)
{
	if (count >= MAX_ITEMS)
		FailJob(job, EXTRACTION_TOO_LARGE, "the book has too many chapters");
	if ((count & (count - 1)) == 0)
		array = Reallocate(job, array, width * (size_t) (count ? count * 2 : 1));
	return array;
}

static void
StartContainer(Xml *xml, const char *name)
{
	Book	   *book = xml->state;

	if (strcmp(name, "rootfile") == 0 && book->root == NULL)
		book->root = GetAttribute(xml, "full-path");
}

/* Fonts are often obfuscated, which hides no text. */
static void
StartEncryption(Xml *xml, const char *name)
{
	Book	   *book = xml->state;
	char *algorithm = strcmp(name, "EncryptionMethod") == 0 ? GetAttribute(xml, "Algorithm") : NULL;

	if (algorithm != NULL && strstr(algorithm, "idpf.org/2008/embedding") == NULL &&
		strstr(algorithm, "ns.adobe.com/pdf/enc") == NULL)
		book->encrypted = true;
	Release(xml->job, algorithm);
}

static void
StartOpf(Xml *xml, const char *name)
{
	Book	   *book = xml->state;

	book->value.length = 0;
	if (strcmp(name, "item") == 0)
	{
		book->items = Grow(xml->job, book->items, book->item_count, sizeof(Item));
		book->items[book->item_count].id = GetAttribute(xml, "id");
		book->items[book->item_count].href = GetAttribute(xml, "href");
		book->item_count++;
	}
	else if (strcmp(name, "itemref") == 0)
	{
		book->spine = Grow(xml->job, book->spine, book->spine_count, sizeof(char *));
		book->spine[book->spine_count++] = GetAttribute(xml, "idref");
	}
}

static void
EndOpf(Xml *xml, const char *name)
{
	static const char *const keys[][2] = {
		{"title", "title"}, {"creator", "author"}, {"language", "language"}, {"date", "created"},
		{"subject", "keywords"}, {"description", "description"}, {"publisher", "publisher"}
	};
	Book	   *book = xml->state;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(name, keys[i][0]) == 0)
			AddMetadataBytes(xml->job, keys[i][1], book->value.data, book->value.length);
	book->value.length = 0;
}

static void
AddToOpf(Xml *xml, const char *characters, size_t length)
{
	Book	   *book = xml->state;

	if (book->value.length < 100000)
		Append(xml->job, &book->value, characters, length);
}

/* Replaces %XX in an URL, in place. */
static void
DecodePercent(char *url)
{
	char	   *to = url;

	while (*url != '\0')
	{
		unsigned	byte;

		if (*url == '%' && sscanf(url + 1, "%2x", &byte) == 1 && byte > 0 && url[1] != '\0' &&
			strspn(url + 1, "0123456789abcdefABCDEF") >= 2)
		{
			*to++ = (char) byte;
			url += 3;
		}
		else
			*to++ = *url++;
	}
	*to = '\0';
}

/* Returns the part that an URL in the package document means, or NULL. */
static Part *
FindChapter(const Package *package, const Book *book, char *href)
{
	char		name[1024];
	const char *slash = strrchr(book->root, '/');
	int			folder = slash ? (int) (slash + 1 - book->root) : 0;

	DecodePercent(href);
	href[strcspn(href, "#")] = '\0';
	while (strncmp(href, "../", 3) == 0 && folder > 0)
	{
		href += 3;
		for (folder--; folder > 0 && book->root[folder - 1] != '/'; folder--)
			;
	}
	if (strncmp(href, "./", 2) == 0)
		href += 2;
	if (snprintf(name, sizeof(name), "%.*s%s", folder, book->root, href) >= (int) sizeof(name))
		return NULL;
	return FindPart(package, name);
}

/* Adds the chapter of an id. */
static void
AddChapter(Package *package, Book *book, const char *id)
{
	for (int i = 0; i < book->item_count; i++)
	{
		Item	   *item = &book->items[i];
		Part	   *part;

		if (item->id == NULL || item->href == NULL || id == NULL || strcmp(item->id, id) != 0)
			continue;
		part = FindChapter(package, book, item->href);
		/* A chapter counts once, however often it is named. */
		if (part == NULL || part->data.length == 0)
			return;
		if (package->job->text.length > 0)
			AppendString(package->job, &package->job->text, "\n\n");
		AppendHtml(package->job, NULL, (unsigned char *) part->data.data, part->data.length, false);
		Release(package->job, part->data.data);
		memset(&part->data, 0, sizeof(part->data));
		return;
	}
}

/* Reads an EPUB file. */
void
ExtractBook(Job *job, const unsigned char *data, size_t size)
{
	static const char *const wanted[] = {
		"META-INF/container.xml", "META-INF/encryption.xml", "META-INF/rights.xml", "*.opf",
		"*.xhtml",
		"*.html", "*.htm", "*.xml", NULL
	};
	static const XmlHandler container = {StartContainer, NULL, NULL};
	static const XmlHandler encryption = {StartEncryption, NULL, NULL};
	static const XmlHandler opf = {StartOpf, EndOpf, AddToOpf};
	Package		package;
	Book		book = {0};
	Part	   *part;

	OpenPackage(job, &package, data, size, wanted);
	part = FindPart(&package, "META-INF/encryption.xml");
	if (part != NULL && part->data.length > 0)
		ParsePart(&package, part, &encryption, &book);
	ParsePart(&package, RequirePart(&package, "META-INF/container.xml"), &container, &book);
	if (book.root == NULL)
		FailJob(job, EXTRACTION_FAILED, "the book names no package document");
	ParsePart(&package, RequirePart(&package, book.root), &opf, &book);
	if (book.encrypted)
		FailJob(job, EXTRACTION_ENCRYPTED, "the book is protected (DRM)");
	for (int i = 0; i < book.spine_count; i++)
		AddChapter(&package, &book, book.spine[i]);
}
