"""What sessions write down, and what of it a ledger must hold, may hold and cannot hold.

A session has a journal, a file of JSON lines. Before a COMMIT it writes down what the transaction
did, and afterwards what the server answered. The transaction itself leaves a witness, a row of the
table done: it tells what became of a transaction whose answer was lost.
"""

import collections
import json
import os

# The outcome of a transaction, as its session knows it.
COMMITTED, FAILED, UNKNOWN = "committed", "failed", "unknown"

Transaction = collections.namedtuple("Transaction", "number facts outcome")


class Journal:
    """The journal of a session, to write into."""

    def __init__(self, folder, session):
        self.file = open(
            os.path.join(folder, f"session_{session}"), "x", buffering=1, encoding="ascii"
        )

    def write(self, event, *details):
        """Adds a line; it is in the file at once."""
        self.file.write(json.dumps((event, *details)) + "\n")


def witness(cursor, session, number):
    """Returns SQL that says that a transaction is done."""
    return cursor.mogrify("INSERT INTO done VALUES (%s, %s)", (session, number)).decode()


def create_witnesses(cursor):
    cursor.execute("CREATE TABLE done (session integer, transaction integer)")


def journals(folder):
    """Returns the paths of a folder's journals, by session."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return {
        int(name.removeprefix("session_")): os.path.join(folder, name)
        for name in names
        if name.startswith("session_")
    }


def events(path):
    """Yields the lines of a journal; the last one may still be in writing."""
    with open(path, encoding="ascii") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)


def transactions(path):
    """Yields the transactions that a session handed to the server; only a connection that was lost
    may owe an answer."""
    pending = None
    for event, *details in events(path):
        if event == "commits":
            assert pending is None, f"{path} goes on at {details[0]} without an answer"
            pending = details
        elif pending is not None:
            yield Transaction(*pending, UNKNOWN if event == "connected" else event)
            pending = None
    if pending is not None:
        yield Transaction(*pending, UNKNOWN)


def acknowledged(path):
    """Returns the number of the last transaction whose commit was acknowledged."""
    last = 0
    for event, *details in events(path):
        if event == COMMITTED:
            (last,) = details
    return last


class History:
    """What a folder's journals say of a ledger.

    Make it before the ledger is read, and ask it afterwards: what was acknowledged before must be
    in the ledger, and what is in there was asked for until then. The folder of a copy of a ledger
    has in its folders "before" and "after" the journals of the original, as they were before and
    after the copy was made.
    """

    def __init__(self, folder):
        self.folder = folder
        self.acknowledged = {
            session: acknowledged(path) for session, path in self.paths("before").items()
        }
        self.problems = []
        self.counts = collections.Counter()

    def paths(self, moment):
        return {**journals(os.path.join(self.folder, moment)), **journals(self.folder)}

    def done(self, witnesses):
        """Yields the facts of the transactions that are in the ledger, by its witnesses."""
        there = collections.defaultdict(set)
        for session, number in witnesses:
            if number in there[session]:
                self.problems.append(f"transaction {session}.{number} is done twice")
            there[session].add(number)
        for session, path in sorted(self.paths("after").items()):
            yield from self.done_by(session, path, there.pop(session, set()))
        self.unasked(there)

    def done_by(self, session, path, there):
        """The same for one session, of which these transactions are there."""
        missing = None
        for number, facts, outcome in transactions(path):
            known = number in there
            self.counts[f"{outcome}, {'' if known else 'not '}done"] += 1
            if known:
                there.remove(number)
                yield facts
                if outcome == FAILED:
                    self.problems.append(f"transaction {session}.{number} is done, and had failed")
                if missing is not None:
                    self.problems.append(
                        f"transaction {session}.{number} is done, without {session}.{missing}"
                    )
            elif outcome == COMMITTED:
                missing = number
                if number <= self.acknowledged.get(session, 0):
                    self.problems.append(f"transaction {session}.{number} is lost")
        self.unasked({session: there})

    def unasked(self, there):
        for session, numbers in there.items():
            for number in sorted(numbers):
                self.problems.append(f"transaction {session}.{number} is done unasked")
