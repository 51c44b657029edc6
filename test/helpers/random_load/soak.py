#!/usr/bin/python3
"""Works on the ledger of the environment's database for a long time, in sessions that stay, and
finds out if they take more and more memory.

    soak.py MINUTES SEED

Prints a table of the sessions' memory, and what is wrong; fails if anything is.
"""

import sys
import tempfile
import time

import model
import sessions

SESSIONS = 4
PATIENCE = 60

# How often we look at the sessions' memory. The first fifth of the time fills caches; growth is
# what the last fifth takes at most beyond what the second did.
LOOKS = 300
PARTS = 5

# Kilobytes that a session may grow by: its memory contexts, and its process, of whose memory the
# allocator gives back what it likes.
CONTEXTS_LIMIT = 256
PROCESS_LIMIT = 1024
COLUMNS = ((1, CONTEXTS_LIMIT, "its contexts"), (2, PROCESS_LIMIT, "its process"))

MEMORY = """
    SELECT (SELECT sum(total_bytes)::bigint / 1024 FROM pg_backend_memory_contexts),
        substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\\s*(\\d+) kB')::bigint"""


class Watch:
    """Looks at the memory of sessions, as they do themselves between transactions."""

    def __init__(self, seconds):
        self.start = time.monotonic()
        self.step = seconds / LOOKS
        self.looks = {}  # by session: (number of the look, kilobytes in contexts, in the process)

    def look(self, session):
        number = int((time.monotonic() - self.start) / self.step)
        looks = self.looks.setdefault(session.number, [])
        if looks and looks[-1][0] == number:
            return
        session.cursor.execute(MEMORY)
        looks.append((number, *session.cursor.fetchone()))

    def highest(self, session, column, part):
        """Returns the most that a session took in a part of the time."""
        return max(
            look[column]
            for look in self.looks[session.number]
            if part * LOOKS <= PARTS * look[0] < (part + 1) * LOOKS
        )

    def problems(self, workers):
        """Prints the table; yields what has grown too much."""
        row = "{:7}  {:>12}   {:>12}  {:>10}   {:>12}  {:>10}"
        fifths = ("second fifth", "last fifth")
        print("kilobytes in        memory contexts             process (RssAnon)")
        print(row.format("session", "transactions", *fifths, *fifths))
        for worker in workers:
            cells = []
            for column, limit, what in COLUMNS:
                before, after = (self.highest(worker, column, part) for part in (1, PARTS - 1))
                cells += [before, after]
                if after - before > limit:
                    yield f"{worker.name}: {what} grew by {after - before} kB, more than {limit}"
            print(row.format(worker.number, worker.transactions, *cells))


def main():
    seconds, seed = float(sys.argv[1]) * 60, sys.argv[2]
    sessions.prepare()
    with tempfile.TemporaryDirectory() as folder:
        load = sessions.Load(seed, folder, several=True)
        watch = Watch(seconds)
        workers = [sessions.Session(load, number, watch.look) for number in range(1, SESSIONS + 1)]
        for worker in workers:
            worker.start()
        time.sleep(seconds)
        sessions.stop(load, workers, PATIENCE)
        counts, wrong = model.check(folder)
    counts += load.events
    print(", ".join(f"{event}: {times}" for event, times in sorted(counts.items())))
    problems = list(watch.problems(workers)) + load.problems + wrong
    for problem in problems:
        print(f"PROBLEM: {problem}")
    print("nothing is wrong" if not problems else f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
