/*-------------------------------------------------------------------------
 *
 * visit.h
 *		Decides which files have to be read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VISIT_H
#define VISIT_H

#include <sys/stat.h>

#include "load.h"

/* Visits the files of a root, folder by folder. */
typedef struct Visitor
{
	Load	   *load;
	Root	   *root;
	GString    *location;		/* room for one that is not the path */
	bool		is_plain;		/* is the folder's path a location as it is? */
	size_t		folder_length;	/* of that path, with its slash */
	int64_t		now;			/* seconds */
	int			mount;			/* MountOfFile() for the next files */
} Visitor;

extern void StartVisitor(Visitor *visitor, Load *load, Root *root);
extern void EndVisitor(Visitor *visitor);

/* Tells which folder the next files are in: its path with a slash; NULL: any. */
extern void VisitFolder(Visitor *visitor, const GString *folder);

/* Counts a file, and queues it if it has to be read. */
extern void VisitFile(Visitor *visitor, const GString *path, const struct stat *st);

/*
 * Returns whether the patterns select an entry of a folder that they select ("a/b.txt", from the
 * root on).  For a folder: whether the walk looks into it.
 */
extern bool IsSelectedEntry(const Options *options, const char *relative, bool is_folder);

/* The same, for a file whose folders have not been looked at. */
extern bool IsSelectedFile(const Options *options, const char *relative);

/* Queues a file to be read. */
extern void QueueFile(Load *load, Root *root, const char *path, int64_t size, int mount,
					  bool is_known);

#endif							/* VISIT_H */
