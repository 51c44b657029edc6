#!/usr/bin/python3
"""Random load on the ledger of the environment's database, and a check of what it left behind.

    load.py prepare
    load.py run [OPTION]... FOLDER
    load.py check FOLDER

FOLDER takes the sessions' journals, and the files that the server reads. Prints how often what
happened, and the problems; stderr is psycopg2's, which complains there of lost connections.
"""

import argparse
import random
import threading
import time

import model
import sessions

PATIENCE = 60


def arguments():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare")
    for name in ("run", "check"):
        commands.add_parser(name).add_argument("folder")
    run = commands.choices["run"]
    run.add_argument("--seed", required=True, help="what the sessions choose by")
    run.add_argument("--first", type=int, default=1, help="the number of the first session")
    run.add_argument("--sessions", type=int, default=1)
    run.add_argument(
        "--several", action="store_true", help="operations in a transaction: these may deadlock"
    )
    run.add_argument(
        "--interrupts", action="store_true", help="cancels, timeouts, terminations, lost answers"
    )
    run.add_argument("--vacuum", action="store_true", help="now and then, with CHECKPOINT")
    ends = run.add_mutually_exclusive_group()
    ends.add_argument("--seconds", type=float, help="until they end; else they wait to be cut off")
    ends.add_argument("--transactions", type=int, help="of each session")
    return parser.parse_args()


def run(options):
    load = sessions.Load(
        options.seed,
        options.folder,
        options.several,
        options.interrupts,
        options.vacuum,
        options.transactions,
    )
    load.may_be_cut_off = options.seconds is None and options.transactions is None
    numbers = range(options.first, options.first + options.sessions)
    threads = [sessions.Session(load, number) for number in numbers]
    if options.interrupts:
        killer = random.Random(f"{options.seed} interrupts")
        threads.append(
            threading.Thread(target=sessions.interrupt, args=(load, killer), daemon=True)
        )
    for thread in threads:
        thread.start()
    if options.seconds is not None:
        time.sleep(options.seconds)
        sessions.stop(load, threads, PATIENCE)
    else:
        for thread in threads:
            thread.join()
    return load.events, load.problems


def main():
    options = arguments()
    events, problems = {}, []
    if options.command == "prepare":
        sessions.prepare()
    elif options.command == "run":
        events, problems = run(options)
    else:
        events, problems = model.check(options.folder)
    for event, times in sorted(events.items()):
        print(f"{event}: {times}")
    for problem in problems:
        print(f"PROBLEM: {problem}")


main()
