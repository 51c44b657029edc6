/*-------------------------------------------------------------------------
 *
 * root.h
 *		The folders that the command line names, and what is below them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ROOT_H
#define ROOT_H

#include "load.h"

/* Sets the roots by the command line.  Ends the program if it cannot; for the main thread. */
extern void SetRoots(Load *load);

/* Returns the part of a path that patterns see. */
extern const char *RelativePath(const Root *root, const char *path);

/* Opens what is below a root, or itself.  Follows no link on the way. */
extern int	OpenInRoot(const Root *root, const char *path, int flags);

/* Returns whether a root is no longer where it was: gone, replaced, or no longer mounted. */
extern bool HasGone(const Root *root);

#endif							/* ROOT_H */
