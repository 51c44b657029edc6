/*
 * settings.h
 *		The doc_extractor.* settings.
 */
#ifndef DOC_EXTRACTOR_SETTINGS_H
#define DOC_EXTRACTOR_SETTINGS_H

/* What becomes of a document that cannot be ingested. */
typedef enum OnBadDocument
{
	BAD_DOCUMENT_ERROR,			/* its statement fails */
	BAD_DOCUMENT_LOG			/* it goes to error_log */
} OnBadDocument;

/* Each is named as the setting is, with an underscore in place of the dot. */
extern char *doc_extractor_user;
extern char *doc_extractor_reason;
extern int	doc_extractor_audit_value_limit;	/* bytes */
extern int	doc_extractor_on_bad_document;	/* an OnBadDocument */
extern bool doc_extractor_restoring;
extern bool doc_extractor_allow_data_loss;

extern void DefineSettings(void);

#endif							/* DOC_EXTRACTOR_SETTINGS_H */
