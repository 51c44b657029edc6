/*
 * xml.h
 *		XML in parts of ZIP files: elements and characters, one after the other.
 */
#ifndef XML_H
#define XML_H

#include "job.h"

typedef struct Xml Xml;

/* What an extractor wants to hear of; any may be NULL.  Names come without prefix. */
typedef struct XmlHandler
{
	void		(*start) (Xml *xml, const char *name);
	void		(*end) (Xml *xml, const char *name);
	void		(*characters) (Xml *xml, const char *characters, size_t length);
} XmlHandler;

struct Xml
{
	Job		   *job;
	const XmlHandler *handler;
	const char *part;			/* for messages */
	void	   *state;			/* the extractor's */
	unsigned	depth;
	const unsigned char **attributes;	/* of the element that starts: libxml2's */
	int			attribute_count;
};

extern void ParseXml(Job *job, const XmlHandler *handler, void *state, const char *part,
					 const char *data, size_t length);
extern char *GetAttribute(Xml *xml, const char *name);

#endif							/* XML_H */
