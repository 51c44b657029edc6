#!/usr/bin/python3
"""Works on the ledger of the environment's database for a while, then holds it against the model.

    check.py SECONDS SEED one|several

"one" ingestion or change in a transaction: these must not deadlock with each other.  Prints how often
what happened, and the problems; stderr is psycopg2's, which complains there of lost connections.
"""

import random
import sys
import tempfile
import threading
import time

import roads
import sessions

SESSIONS = 8
PATIENCE = 60


def main():
    seconds, seed, several = float(sys.argv[1]), sys.argv[2], sys.argv[3] == "several"
    with tempfile.TemporaryDirectory() as folder:
        roads.write_files(folder)
        load = sessions.Load(seed, folder, several, interrupts=True)
        threads = [sessions.Session(load, number) for number in range(1, SESSIONS + 1)]
        killer = random.Random(f"{seed} interrupts")
        threads.append(threading.Thread(target=sessions.interrupt, args=(load, killer), daemon=True))
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        sessions.stop(load, threads, PATIENCE)
    for event, times in sorted(load.events.items()):
        print(f"{event}: {times}")
    for problem in load.problems + list(load.model.problems()):
        print(f"PROBLEM: {problem}")


main()
