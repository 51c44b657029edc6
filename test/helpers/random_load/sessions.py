"""Sessions that work on a ledger at random, in transactions that end in every way."""

import collections
import contextlib
import os
import socket
import threading
import time

import psycopg2
from psycopg2 import extensions

import entry_points
import journal

SESSION_NAME = "random load"
ISOLATION_LEVELS = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

# What ends a transaction, as we and PostgreSQL call it.
SERIALIZATION_FAILURE = "40001"
DEADLOCK = "40P01"
UNIQUE_VIOLATION = "23505"
NO_DATA_FOUND = "P0002"
CANCELLED = "57014"
TERMINATED = "57P01"
READ_ONLY = "25006"


class Load:
    """What the sessions of a load share."""

    def __init__(
        self,
        seed,
        folder,
        several=False,
        interrupts=False,
        vacuum=False,
        transactions=None,
    ):
        self.seed = seed
        self.folder = folder
        entry_points.write_files(folder)
        self.several = several  # ingestions in a transaction, so that it can deadlock
        self.interrupts = interrupts  # cancels, timeouts, terminations, lost answers
        self.vacuum = vacuum  # and CHECKPOINT, now and then
        self.transactions = transactions  # of a session; None: until it is stopped
        self.may_be_cut_off = False  # a session ends if its connection is lost
        self.problems = []
        self.events = collections.Counter()
        self.lock = threading.Lock()
        self.stopping = threading.Event()

    def count(self, *events):
        with self.lock:
            self.events.update(events)

    def report(self, problem):
        with self.lock:
            self.problems.append(problem)


class Session(threading.Thread):
    """A client, which works until it is through, cut off, or the load is stopping."""

    def __init__(self, load, number, between=None):
        super().__init__(daemon=True, name=f"session {number}")
        self.load = load
        self.number = number
        self.entry_points = entry_points.EntryPoints(load.seed, number, load.folder)
        self.random = self.entry_points.random
        self.journal = journal.Journal(load.folder, number)
        self.between = between  # called before each transaction, with this session
        self.transactions = 0
        self.cut_off = False
        self.connect()

    def connect(self):
        self.connection = psycopg2.connect(application_name=SESSION_NAME)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.pid = self.connection.info.backend_pid
        self.journal.write("connected")

    def run(self):
        self.isolation = self.entry_point = None
        try:
            # An interrupt could hit that question. Loads with interrupts begin on no standby.
            if not self.load.interrupts and self.ask("SELECT pg_is_in_recovery()"):
                self.wait_for_promotion()
            while self.goes_on():
                if self.between is not None:
                    self.between(self)
                if self.load.vacuum and self.random.random() < 0.01:
                    self.clean()
                else:
                    self.transaction()
        except Exception as error:  # pylint: disable=broad-except
            self.load.report(
                f"{self.name} ends at {self.isolation} with {type(error).__name__}: {error}"
            )
            # Nobody shall wait for its locks.
            self.connection.close()

    def goes_on(self):
        through = self.load.transactions is not None and self.transactions >= self.load.transactions
        return not (through or self.cut_off or self.load.stopping.is_set())

    def ask(self, query):
        self.cursor.execute(query)
        return self.cursor.fetchone()[0]

    def wait_for_promotion(self):
        """On a standby: is refused at every entry point, verifies, and waits until it may write."""
        # The server itself fails to make a large object there, with an internal error. And no text
        # is recorded if its document is not there: 025_replicas tests that one.
        unfit = ("ingest_large_object", "record_extraction")
        for name in (name for name in self.entry_points.SHARES if name not in unfit):
            self.cursor.execute("BEGIN")
            try:
                self.entry_points.use(name, self.cursor)
                self.load.report(f"{name} is not refused on a standby")
            except psycopg2.errors.ReadOnlySqlTransaction:
                self.load.count(READ_ONLY)
            self.cursor.execute("ROLLBACK")
        self.cursor.execute("SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed")
        for check in self.cursor.fetchall():
            self.load.report(f"doc_extractor_verify() on a standby: {check}")
        while not self.ask("SELECT NOT pg_is_in_recovery()"):
            time.sleep(0.01)

    def clean(self):
        """Recovery shall start somewhere in between, from pages as vacuum left them.

        A VACUUM may wait seconds to truncate a table; no other one shall queue behind it.
        """
        self.entry_point = "VACUUM"
        try:
            self.cursor.execute("CHECKPOINT")
            self.cursor.execute("VACUUM (SKIP_LOCKED) docs.documents, docs.hash_index")
        except psycopg2.Error as error:
            self.check_error(error)
            self.recover()

    def choose_plan(self):
        """Returns the entry points of a transaction: one, or several where these may deadlock."""
        many = self.random.choice([1, 1, 2, 3, 4]) if self.load.several else 1
        return [self.entry_points.choose() for _ in range(many)]

    def transaction(self):
        """Does one; the journal has what it did if it comes to its COMMIT."""
        self.transactions += 1
        self.isolation = self.random.choice(ISOLATION_LEVELS)
        self.entry_point = "BEGIN"
        used = []
        try:
            self.cursor.execute(f"BEGIN ISOLATION LEVEL {self.isolation}")
            if self.load.interrupts and self.random.random() < 0.05:
                self.cursor.execute(f"SET LOCAL statement_timeout = {self.random.randint(1, 20)}")
            facts = self.work(used)
            if self.random.random() < 0.1:
                self.cursor.execute("ROLLBACK")
                self.load.count("rolled back")
                return
            self.journal.write("commits", self.transactions, facts)
            self.entry_point = "COMMIT"
            if self.commit():
                self.load.count(*used)
        except psycopg2.Error as error:
            self.check_error(error)
            self.note_failure(error)
            self.recover()

    def commit(self):
        """Commits, with a witness; returns whether it waited for the answer, as usual."""
        witness = journal.witness(self.cursor, self.number, self.transactions)
        if not self.load.interrupts or self.random.random() > 0.04:
            self.cursor.execute(f"{witness}; COMMIT")
            self.journal.write(journal.COMMITTED, self.transactions)
            return True
        self.cursor.execute(witness)
        with socket.socket(fileno=os.dup(self.connection.fileno())) as line:
            line.sendall(b"Q\0\0\0\x0bCOMMIT\0")
        self.connection.close()
        self.recover()
        return False

    def note_failure(self, error):
        """Writes down that there is no commit, if the server's answer says so."""
        if self.entry_point != "COMMIT" or self.connection.closed:
            return
        ended = self.connection.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE
        # A cancel can also come between the end of the transaction and its answer.
        known = not (ended and error.pgcode == CANCELLED)
        self.journal.write(journal.FAILED if known else journal.UNKNOWN, self.transactions)

    def work(self, used):
        """Uses entry points, some of them in savepoints; returns the facts that are left of it."""
        facts = []
        for self.entry_point in self.choose_plan():
            if self.random.random() < 0.25:
                done = self.within_savepoint()
            else:
                done = self.entry_points.use(self.entry_point, self.cursor)
            if done is not None:
                facts += done
                used.append(self.entry_point)
        return facts

    def within_savepoint(self):
        """Uses an entry point in a savepoint; returns None if that was rolled back."""
        self.cursor.execute("SAVEPOINT s")
        try:
            facts = self.entry_points.use(self.entry_point, self.cursor)
        except psycopg2.Error as error:
            if self.connection.closed:
                raise
            self.check_error(error)
            facts = None
        if facts is None or self.random.random() < 0.3:
            self.cursor.execute("ROLLBACK TO s")
            self.load.count("rolled back to savepoint")
            return None
        return facts

    def check_error(self, error):
        """An error that must not be is a problem."""
        code = error.pgcode
        # A connection can be lost before its last message is read.
        if code is None and self.connection.closed:
            code = TERMINATED
        self.load.count(code)
        if not (
            (code == SERIALIZATION_FAILURE and self.isolation != "READ COMMITTED")
            or (code == DEADLOCK and self.load.several)
            or (code == UNIQUE_VIOLATION and self.entry_point == "insert")
            # The document was deleted meanwhile.
            or (code == NO_DATA_FOUND and self.entry_point == "record_extraction")
            or (code in (CANCELLED, TERMINATED) and self.load.interrupts)
            or (code == TERMINATED and self.load.may_be_cut_off)
        ):
            self.load.report(f"{self.entry_point} at {self.isolation}: {code} {error}")

    def recover(self):
        """Ends a transaction that has failed; a cancel that comes late can hit that, too."""
        while True:
            try:
                if self.connection.closed:
                    self.come_back()
                    return
                if self.connection.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE:
                    return
                self.cursor.execute("ROLLBACK")
            except psycopg2.Error as error:
                self.check_error(error)

    def come_back(self):
        """Connects again, once the old backend has gone; without interrupts, ends the session."""
        if not self.load.interrupts:
            self.cut_off = True
            self.load.count("cut off")
            return
        wait_for_end_of(self.pid)
        self.connect()


def wait_for_end_of(pid):
    """Waits until a backend has gone."""
    with contextlib.closing(psycopg2.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while True:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", (pid,))
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.01)


def interrupt(load, random):
    """Cancels and terminates sessions until the load is stopping."""
    with contextlib.closing(psycopg2.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while not load.stopping.wait(random.uniform(0.005, 0.05)):
            function = random.choices(["pg_cancel_backend", "pg_terminate_backend"], [5, 1])[0]
            cursor.execute(
                f"SELECT {function}(pid) FROM (SELECT pid FROM pg_stat_activity"
                " WHERE application_name = %s AND state = 'active' ORDER BY random() LIMIT 1) p",
                (SESSION_NAME,),
            )


def stop(load, threads, patience):
    """Ends the load; a thread that does not end is a problem."""
    load.stopping.set()
    deadline = time.monotonic() + patience
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
        if thread.is_alive():
            load.report(f"{thread.name} hangs")


def prepare():
    """Makes a ledger's database ready for loads."""
    with contextlib.closing(psycopg2.connect()) as connection, connection.cursor() as cursor:
        journal.create_witnesses(cursor)
        connection.commit()
