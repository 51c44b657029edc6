/*
 * identity.h
 *		Switching to the owner of the tables around our own writes.
 */
#ifndef DOC_EXTRACTOR_IDENTITY_H
#define DOC_EXTRACTOR_IDENTITY_H

#include "ledger.h"

/* What SwitchBack() restores. */
typedef struct CallerIdentity
{
	Oid			user_id;
	int			security_context;
	bool		is_owner;		/* already: there is nothing to restore */
	int			settings_level; /* GUC nesting level; 0: settings are the caller's */
	bool		in_script;		/* was an extension's script running? */
	Oid			script_extension;
} CallerIdentity;

extern void SwitchToOwner(const Ledger *ledger, Oid table,
						  CallerIdentity *caller);
extern void BecomeOwner(const Ledger *ledger, Oid table,
						CallerIdentity *caller);
extern const char *OwnerPath(const Ledger *ledger);
extern void UseOwnerSettings(const Ledger *ledger, CallerIdentity *caller);
extern void SwitchToRestrictedRole(Oid role, CallerIdentity *caller);
extern void SwitchToRestrictedOwner(const Ledger *ledger, Oid table,
									CallerIdentity *caller);
extern void SwitchBack(const CallerIdentity *caller);

#endif							/* DOC_EXTRACTOR_IDENTITY_H */
