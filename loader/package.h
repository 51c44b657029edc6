/*
 * package.h
 *		ZIP files with parts of XML: office files and books.
 */
#ifndef PACKAGE_H
#define PACKAGE_H

#include "job.h"
#include "xml.h"

typedef struct Part
{
	char	   *name;
	Buffer		data;
} Part;

typedef struct Package
{
	Job		   *job;
	Part	   *parts;			/* in the order of the file */
	int			count;
} Package;

extern void OpenPackage(Job *job, Package *package, const unsigned char *data, size_t size,
						const char *const *wanted);
extern Part *FindPart(const Package *package, const char *name);
extern Part *RequirePart(const Package *package, const char *name);
extern void ParsePart(Package *package, Part *part, const XmlHandler *handler, void *state);

/* office.c */
extern void ReadProperties(Package *package, const char *pages_key);
extern Part *FindMainPart(Package *package, const char *type, const char *usual);
extern Part *NextNumbered(const Package *package, const char *start, unsigned *number);

#endif							/* PACKAGE_H */
