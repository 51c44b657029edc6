/*
 * settings.h
 *		The doc_extractor.* settings.
 */
#ifndef DOC_EXTRACTOR_SETTINGS_H
#define DOC_EXTRACTOR_SETTINGS_H

extern char *doc_extractor_user;		/* doc_extractor.user */
extern char *doc_extractor_reason;		/* doc_extractor.reason */
extern int	doc_extractor_audit_value_limit;	/* doc_extractor.audit_value_limit, bytes */
extern bool doc_extractor_restoring;			/* doc_extractor.restoring */
extern bool doc_extractor_allow_data_loss;	/* doc_extractor.allow_data_loss */

extern void DefineSettings(void);

#endif							/* DOC_EXTRACTOR_SETTINGS_H */
