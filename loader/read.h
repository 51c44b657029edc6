/*-------------------------------------------------------------------------
 *
 * read.h
 *		Reads files: type, hash, text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef READ_H
#define READ_H

#include "load.h"

/* A thread that reads the files of load->files until no more come. */
extern gpointer ReadFiles(gpointer load);

/* Reads the files once more that changed while they were read. */
extern void ReadChanging(Load *load);

#endif							/* READ_H */
