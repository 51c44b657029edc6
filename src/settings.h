/*
 * settings.h
 *		The doc_extractor.* settings.
 */
#ifndef DOC_EXTRACTOR_SETTINGS_H
#define DOC_EXTRACTOR_SETTINGS_H

/* Each is named as the setting is, with an underscore in place of the dot. */
extern char *doc_extractor_user;
extern char *doc_extractor_reason;
extern int	doc_extractor_audit_value_limit;	/* bytes */
extern bool doc_extractor_restoring;
extern bool doc_extractor_allow_data_loss;

extern void DefineSettings(void);

#endif							/* DOC_EXTRACTOR_SETTINGS_H */
