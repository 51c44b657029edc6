/*-------------------------------------------------------------------------
 *
 * help.c
 *		--help.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "options.h"

static const char *const help =
"doc_extractor loads files into a ledger of documents, and looks after it.\n"
"\n"
"Usage:\n"
"  doc_extractor load [OPTION]... PATH...      load files and folders\n"
"  doc_extractor extract [OPTION]...           extract texts again\n"
"  doc_extractor status [OPTION]...            show what is in the ledger\n"
"  doc_extractor verify [OPTION]...            check the ledger\n"
"\n"
"Connection options:\n"
"  -d, --dbname=DBNAME      database, connection string or URI\n"
"                           (default: $DATABASE_URL)\n"
"  -h, --host=HOSTNAME      server host or socket directory\n"
"  -p, --port=PORT          server port\n"
"  -U, --username=NAME      user name\n"
"  -w, --no-password        never ask for a password\n"
"      --schema=SCHEMA      the ledger's schema (default: where the extension is)\n"
"\n"
"Options of load:\n"
"      --source=NAME        whose files these are (default: this host's name)\n"
"  -j, --jobs=NUM           threads that read and extract (default: 2)\n"
"      --include=PATTERN    load only files that a PATTERN names\n"
"      --exclude=PATTERN    leave out files and folders; patterns are gitignore's\n"
"      --exclude-from=FILE  read such patterns from FILE\n"
"      --exclude-caches     leave out folders with a CACHEDIR.TAG\n"
"      --one-file-system    leave out folders on other file systems\n"
"      --max-size=SIZE      leave out larger files (bytes, or with k, M, G, T)\n"
"      --min-age=SECONDS    leave younger files for the next run\n"
"      --no-extract         do not extract texts\n"
"      --extractor=TYPE=COMMAND\n"
"                           extract texts of files of TYPE with COMMAND\n"
"      --rescan             read files that have not changed, too\n"
"      --retry-failed       load only files that have failed\n"
"      --restore-deleted    load files again whose document was deleted\n"
"      --max-vanished=N|P%  record no scan in which more locations vanish\n"
"  -n, --dry-run            only show what would be done\n"
"\n"
"Options of extract:\n"
"      --missing            documents without a text\n"
"      --failed             documents whose extraction has failed\n"
"      --older-than=VERSION documents with a text of an older extractor\n"
"      --type=TYPE          only documents of TYPE\n"
"      --source, -j, --extractor, -n as for load\n"
"\n"
"Output options:\n"
"      --json               one JSON object a line\n"
"      --progress           show progress (default: if stdout is a terminal)\n"
"      --no-progress        show none\n"
"  -v, --verbose            show each file\n"
"  -V, --version            show the version\n"
"  -?, --help               show this help\n"
"\n"
"Exit status: 0 all is done, 1 the program could not go on, 3 some files failed\n"
"(load, extract) or checks did not pass (verify), 130 cancelled.\n";

void
PrintHelp(void)
{
	fputs(help, stdout);
}
