/*
 * settings.h
 *		The doc_extractor.* settings.
 */
#ifndef DOC_EXTRACTOR_SETTINGS_H
#define DOC_EXTRACTOR_SETTINGS_H

/* What to do with a document that cannot be ingested. */
typedef enum OnBadDocument
{
	BAD_DOCUMENT_ERROR,			/* fail the statement */
	BAD_DOCUMENT_LOG			/* write it to error_log */
} OnBadDocument;

/* The limits of user and reason in characters: the widths of audit_log's columns. */
#define USER_LIMIT		255
#define REASON_LIMIT	500

/* Each has the name of its setting, with an underscore in place of the dot. */
extern char *doc_extractor_application_user;
extern char *doc_extractor_user;	/* an alias, for when the first is empty */
extern char *doc_extractor_reason;
extern int	doc_extractor_audit_value_limit;	/* bytes */
extern int	doc_extractor_on_bad_document;	/* an OnBadDocument */
extern bool doc_extractor_restoring;
extern bool doc_extractor_allow_data_loss;

extern void DefineSettings(void);

#endif							/* DOC_EXTRACTOR_SETTINGS_H */
