/*
 * identity.c
 *		Switching to the owner of the tables around our own writes.
 *
 * The server does the same for the queries of foreign keys.  What users have
 * attached to a table (triggers, defaults, checks) then runs with the rights of
 * the table's owner.  It finds the ledger's schema and not the caller's, and is
 * no part of an extension's script that called us.
 *
 * An error needs no clean-up: the abort of the (sub)transaction restores the
 * caller's identity and settings.  The error also ends an extension's script,
 * and with it what the server knows of the script.  A script that catches the
 * error goes on, but objects it creates from then on are no members of its
 * extension: the server does not tell at which level the script began.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "identity.h"

/* Set in the security context while we run as the owner. */
#define OWNER_CONTEXT (SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS)

/*
 * Returns the owner of a ledger's table.  Raises 42501 if the function's owner
 * could not act as the table's owner: a function that was moved to another
 * schema must not write to the tables there.
 */
static Oid
CheckOwner(const Ledger *ledger, Oid table)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Form_pg_class form;
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u no longer exists", table)));
	form = (Form_pg_class) GETSTRUCT(tuple);
	CheckIsTable(form);
	owner = form->relowner;
	if (!has_privs_of_role(ledger->function_owner, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the owner of doc_extractor's functions may not act as the owner of table \"%s\"",
						NameStr(form->relname)),
				 errhint("Give tables and functions of the extension the same owner.")));
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Returns the search_path of writes to a ledger, valid until the next call.
 * The last one is kept, as it serves nearly all calls.
 */
const char *
OwnerPath(const Ledger *ledger)
{
	static NameData schema;
	static char path[2 * NAMEDATALEN + 64];
	char	   *name = get_namespace_name(ledger->schema);

	/* The schema has been dropped, so its path finds nothing there. */
	if (name == NULL)
		return "pg_catalog, pg_temp";
	if (strcmp(name, NameStr(schema)) != 0)
	{
		snprintf(path, sizeof(path), "pg_catalog, %s, pg_temp",
				 quote_identifier(name));
		namestrcpy(&schema, name);
	}
	pfree(name);
	return path;
}

/* Changes a setting until SwitchBack(). */
static void
ChangeSetting(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* Returns whether we are the owner already, as in a write within another. */
static bool
IsOwner(Oid owner, const char *path)
{
	Oid			user_id;
	int			security_context;

	GetUserIdAndSecContext(&user_id, &security_context);
	return user_id == owner &&
		(security_context & OWNER_CONTEXT) == OWNER_CONTEXT &&
		!creating_extension && strcmp(namespace_search_path, path) == 0;
}

/* Switches to a role, with these bits added to the security context. */
static void
BecomeRole(Oid owner, int security_context, CallerIdentity *caller)
{
	caller->is_owner = false;
	caller->settings_level = 0;
	caller->in_script = creating_extension;
	caller->script_extension = CurrentExtensionObject;
	creating_extension = false;
	CurrentExtensionObject = InvalidOid;

	GetUserIdAndSecContext(&caller->user_id, &caller->security_context);
	SetUserIdAndSecContext(owner,
						   caller->security_context | security_context);
}

/* Lets settings be changed until SwitchBack(), beginning with search_path. */
static void
UseSettings(const char *path, CallerIdentity *caller)
{
	caller->settings_level = NewGUCNestLevel();
	if (strcmp(namespace_search_path, path) != 0)
		ChangeSetting("search_path", path);
}

/*
 * Returns whether the owner's code could gain rights from the session that runs
 * it: by a temporary view, a cursor or a deferred trigger that it leaves behind,
 * and that the session runs later as itself.  SET ROLE and SET SESSION
 * AUTHORIZATION are no protection, as the other roles come back.
 */
static bool
CanGainRights(Oid owner)
{
	return !has_privs_of_role(owner, GetUserId()) ||
		!has_privs_of_role(owner, GetSessionUserId()) ||
		!has_privs_of_role(owner, GetAuthenticatedUserId());
}

/*
 * Switches to the owner of a table until SwitchBack(), unless we are the owner
 * already.  "caller" receives what to restore.  If the owner's code could gain
 * rights, it runs as a security-restricted operation, in which the server refuses
 * to leave anything behind.
 *
 * search_path stays the caller's until UseOwnerSettings(), which takes longer than
 * all the rest.  Call it before any code can run that is not the server's or ours.
 */
void
BecomeOwner(const Ledger *ledger, Oid table, CallerIdentity *caller)
{
	Oid			owner = CheckOwner(ledger, table);
	const char *path = OwnerPath(ledger);
	int			context = OWNER_CONTEXT;

	if (IsOwner(owner, path))
	{
		caller->is_owner = true;
		return;
	}
	if (CanGainRights(owner))
		context |= SECURITY_RESTRICTED_OPERATION;
	BecomeRole(owner, context, caller);
	/* From here on IsOwner() holds: so what users' code sets must end with this. */
	if (strcmp(namespace_search_path, path) == 0)
		UseSettings(path, caller);
}

/*
 * Sets search_path until SwitchBack(), unless that is done.  No subtransaction may
 * have begun since BecomeOwner() that ends before SwitchBack().
 */
void
UseOwnerSettings(const Ledger *ledger, CallerIdentity *caller)
{
	if (!caller->is_owner && caller->settings_level == 0)
		UseSettings(OwnerPath(ledger), caller);
}

/* Switches to the owner of a table, with its settings. */
void
SwitchToOwner(const Ledger *ledger, Oid table, CallerIdentity *caller)
{
	BecomeOwner(ledger, table, caller);
	UseOwnerSettings(ledger, caller);
}

/*
 * Switches to a role for maintenance, in which users' code plays no part: it finds
 * nobody's objects, and can leave nothing behind to run later with other rights.
 */
void
SwitchToRestrictedRole(Oid role, CallerIdentity *caller)
{
	BecomeRole(role, OWNER_CONTEXT | SECURITY_RESTRICTED_OPERATION, caller);
	UseSettings("pg_catalog, pg_temp", caller);
	ChangeSetting("quote_all_identifiers", "off");
	ChangeSetting("doc_extractor.audit_value_limit", "0");
}

/* The same for the owner of a table. */
void
SwitchToRestrictedOwner(const Ledger *ledger, Oid table,
						CallerIdentity *caller)
{
	SwitchToRestrictedRole(CheckOwner(ledger, table), caller);
}

/*
 * Restores the identity that BecomeOwner() saved.  Settings that were changed
 * in between end here.
 */
void
SwitchBack(const CallerIdentity *caller)
{
	Assert(InLocalUserIdChange() && InNoForceRLSOperation());
	if (caller->is_owner)
		return;
	if (caller->settings_level > 0)
		AtEOXact_GUC(false, caller->settings_level);
	SetUserIdAndSecContext(caller->user_id, caller->security_context);
	creating_extension = caller->in_script;
	CurrentExtensionObject = caller->script_extension;
}
