"""Sessions that work on a ledger at random, in transactions that end in every way."""

import collections
import contextlib
import os
import socket
import threading
import time

import psycopg2
from psycopg2 import extensions

import model
import roads

SESSION_NAME = "random load"
ISOLATION_LEVELS = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

# What ends a transaction, as we and PostgreSQL call it.
SERIALIZATION_FAILURE = "40001"
DEADLOCK = "40P01"
UNIQUE_VIOLATION = "23505"
CANCELLED = "57014"
TERMINATED = "57P01"


class Load:
    """What the sessions of a load share."""

    def __init__(self, seed, folder, several, interrupts):
        self.seed = seed
        self.folder = folder
        self.several = several  # ingestions in a transaction, so that it can deadlock
        self.interrupts = interrupts  # cancels, timeouts, terminations
        self.model = model.Model()
        self.problems = []
        self.events = collections.Counter()
        self.lock = threading.Lock()
        self.stopping = threading.Event()

    def count(self, event):
        with self.lock:
            self.events[event] += 1

    def report(self, problem):
        with self.lock:
            self.problems.append(problem)

    def commit(self, facts, taken):
        """Notes what a committed transaction did."""
        with self.lock:
            self.model.add(facts)
            self.events["committed"] += 1
            self.events.update(taken)
            self.events.update(fact.kind for fact in facts)


class Session(threading.Thread):
    """A client, which works until the load is stopping."""

    def __init__(self, load, number, between=None):
        super().__init__(daemon=True, name=f"session {number}")
        self.load = load
        self.number = number
        self.roads = roads.Roads(load.seed, number, load.folder)
        self.random = self.roads.random
        self.between = between  # called before each transaction, with this session
        self.transactions = 0
        self.connect()

    def connect(self):
        self.connection = psycopg2.connect(application_name=SESSION_NAME)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()

    def run(self):
        try:
            while not self.load.stopping.is_set():
                if self.between is not None:
                    self.between(self)
                self.transaction()
        except Exception as error:  # pylint: disable=broad-except
            self.load.report(f"{self.name} ends at {self.isolation} with {type(error).__name__}: {error}")
            # Nobody shall wait for its locks.
            self.connection.close()

    def choose_plan(self):
        """Returns the roads that a transaction takes: one, or several where these may deadlock."""
        many = self.random.choice([1, 1, 2, 3, 4]) if self.load.several else 1
        return [self.roads.choose() for _ in range(many)]

    def transaction(self):
        """Does one, and notes what it did if it was committed."""
        self.transactions += 1
        self.isolation = self.random.choice(ISOLATION_LEVELS)
        self.timeout = self.load.interrupts and self.random.random() < 0.05
        self.road = "BEGIN"
        xid = None
        told = False
        taken = []
        try:
            self.cursor.execute(f"BEGIN ISOLATION LEVEL {self.isolation}")
            if self.timeout:
                self.cursor.execute(f"SET LOCAL statement_timeout = {self.random.randint(1, 20)}")
            facts = self.work(taken)
            if self.random.random() < 0.1:
                self.cursor.execute("ROLLBACK")
                self.load.count("rolled back")
                return
            self.cursor.execute("SELECT pg_current_xact_id_if_assigned()")
            (xid,) = self.cursor.fetchone()
            self.road = "COMMIT"
            told = self.commit()
        except psycopg2.Error as error:
            self.check_error(error)
            self.recover()
        if told or self.find_out(xid):
            self.load.commit(facts, taken)

    def commit(self):
        """Commits; returns whether the server said so, as now and then we hang up without waiting."""
        if not self.load.interrupts or self.random.random() > 0.04:
            self.cursor.execute("COMMIT")
            return True
        with socket.socket(fileno=os.dup(self.connection.fileno())) as line:
            line.sendall(b"Q\0\0\0\x0bCOMMIT\0")
        self.connection.close()
        self.connect()
        return False

    def find_out(self, xid):
        """Returns whether a transaction that may have come to its COMMIT was committed."""
        committed = xid is not None and was_committed(xid)
        self.load.count("committed unsaid" if committed else "not committed")
        return committed

    def work(self, taken):
        """Takes the roads, some of them in savepoints; returns the facts that are left of it."""
        facts = []
        for self.road in self.choose_plan():
            if self.random.random() < 0.25:
                done = self.within_savepoint()
            else:
                done = self.roads.take(self.road, self.cursor)
            if done is not None:
                facts += done
                taken.append(self.road)
        return facts

    def within_savepoint(self):
        """Takes a road in a savepoint; None where that was rolled back."""
        self.cursor.execute("SAVEPOINT s")
        try:
            facts = self.roads.take(self.road, self.cursor)
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
            or (code == UNIQUE_VIOLATION and self.road == "insert")
            or (code in (CANCELLED, TERMINATED) and self.load.interrupts)
        ):
            self.load.report(f"{self.road} at {self.isolation}: {code} {error}")

    def recover(self):
        """Ends a transaction that has failed; a cancel that comes late can hit that, too."""
        while True:
            try:
                if self.connection.closed:
                    self.connect()
                    return
                if self.connection.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE:
                    return
                self.cursor.execute("ROLLBACK")
            except psycopg2.Error as error:
                self.check_error(error)


def was_committed(xid):
    """Asks the server what became of a transaction, once it has ended."""
    with contextlib.closing(psycopg2.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while True:
            cursor.execute("SELECT pg_xact_status(%s::xid8)", (xid,))
            (status,) = cursor.fetchone()
            if status != "in progress":
                return status == "committed"
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
