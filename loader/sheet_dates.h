/*
 * sheet_dates.h
 *		Which cells of an XLSX file are dates.
 */
#ifndef SHEET_DATES_H
#define SHEET_DATES_H

#include "package.h"

typedef struct Styles
{
	bool	   *dates;			/* for each style of cells, whether it shows dates */
	unsigned	count;
	bool		in_cells;		/* within the list of the cells' styles */
	unsigned	formats[200];	/* numbers of the file's own formats that show dates */
	unsigned	format_count;
	bool		from_1904;		/* days count from 1904, not from 1900 */
} Styles;

extern void ReadStyles(Package *package, Styles *styles);
extern bool FormatDate(const Styles *styles, const char *number, char *date, size_t size);

#endif							/* SHEET_DATES_H */
