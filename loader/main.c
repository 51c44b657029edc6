/*-------------------------------------------------------------------------
 *
 * main.c
 *		doc_extractor: loads files into the ledger, and looks after it.
 *
 *-------------------------------------------------------------------------
 */
#include <locale.h>

#include "load.h"
#include "message.h"
#include "options.h"
#include "refresh.h"
#include "report.h"

int
main(int argc, char **argv)
{
	static Options options;

	/* Names of files and texts are UTF-8, whatever the locale is. */
	setlocale(LC_MESSAGES, "");
	ReadOptions(&options, argc, argv);
	switch (options.command)
	{
		case COMMAND_LOAD:
			return RunLoad(&options);
		case COMMAND_EXTRACT:
			return RunExtract(&options);
		case COMMAND_STATUS:
			return RunStatus(&options);
		case COMMAND_VERIFY:
			return RunVerify(&options);
	}
	return EXIT_FATAL;
}
