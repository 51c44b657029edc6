"""What a ledger must hold, by what its sessions were told; and whether it does."""

import collections
import contextlib

import psycopg2

import entry_points
import journal

# The trail leaves out those of these that equal its own time.
TIMES = {"ingestion_timestamp", "created_at", "updated_at"}


class Document:
    """What was done to one document."""

    __slots__ = ("hashes", "offered", "trail", "ncounted", "counts", "deleted")

    def __init__(self):
        self.hashes = set()  # that it has or had
        self.offered = set()  # that it was found under
        self.trail = []  # labels
        self.ncounted = 0
        self.counts = []  # as answered
        self.deleted = 0


class Model:
    """All documents to which anything was done."""

    def __init__(self):
        self.documents = collections.defaultdict(Document)
        self.seen = collections.defaultdict(collections.Counter)  # documents, by location
        self.nfailures = 0
        self.counts = collections.Counter()

    def add(self, facts):
        """Adds the facts of a transaction."""
        for fact in facts:
            self.counts[fact.kind] += 1
            if fact.kind == entry_points.FAILED:
                self.nfailures += 1
                continue
            document = self.documents[fact.document_id]
            if fact.label is not None:
                document.trail.append(fact.label)
            if fact.kind == entry_points.SEEN:
                self.seen[fact.location][fact.document_id] += 1
                document.offered.add(fact.hash)
            elif fact.kind == entry_points.COUNTED:
                document.offered.add(fact.hash)
                document.ncounted += 1
                if fact.count is not None:
                    document.counts.append(fact.count)
            elif fact.kind == entry_points.DELETED:
                document.deleted += 1
            elif fact.hash is not None:
                document.hashes.add(fact.hash)

    def problems(self, connection):
        """Compares all this with the ledger; yields what differs."""
        with connection.cursor() as cursor:
            rows = dict(fetch(cursor, "SELECT id, row_to_json(d) FROM docs.documents d"))
            indexed = fetch(
                cursor, "SELECT document_id, file_hash, duplicate_count FROM docs.hash_index"
            )
            (failures,) = fetch(cursor, "SELECT count(*) FROM docs.error_log")[0]
            locations = fetch_locations(cursor) if self.seen else []
            verified = fetch(cursor, "SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed")
        yield from self.wrong_documents(rows)
        yield from self.wrong_counts(rows, indexed)
        yield from self.wrong_trail(rows, connection)
        yield from self.wrong_locations(locations)
        if failures != self.nfailures:
            yield f"error_log has {failures} rows, and {self.nfailures} failures were logged"
        for check in verified:
            yield f"doc_extractor_verify(): {check}"

    def wrong_documents(self, rows):
        """Every document is there unless it was deleted, and no other is."""
        living = {number for number, document in self.documents.items() if not document.deleted}
        for number in living - rows.keys():
            yield f"document {number} is lost"
        for number in rows.keys() - living:
            yield f"document {number} is there, though deleted or never stored"
        for number, row in rows.items():
            if row["file_hash"] != entry_points.hash_of(row["file_name"]):
                yield f"document {number} has not the hash of its content: {row}"
        for number, document in self.documents.items():
            if document.deleted > 1:
                yield f"document {number} was deleted {document.deleted} times"
            if not document.offered <= document.hashes:
                yield f"document {number} was answered for a hash that it never had"
            if number in rows and rows[number]["file_hash"] not in document.hashes:
                yield f"document {number} has a hash that nobody gave it"

    def wrong_counts(self, rows, indexed):
        """Every duplicate was counted once, and answered with a number of its own."""
        for number, times in collections.Counter(number for number, _, _ in indexed).items():
            if times > 1:
                yield f"document {number} has {times} rows in hash_index"
        for number in rows.keys() - {number for number, _, _ in indexed}:
            yield f"document {number} is not in hash_index"
        for number, file_hash, count in indexed:
            if number not in rows or rows[number]["file_hash"] != file_hash:
                yield f"hash_index has document {number} for {file_hash}"
            elif number in self.documents and count != self.documents[number].ncounted:
                yield (
                    f"document {number} has duplicate_count {count},"
                    f" and {self.documents[number].ncounted} duplicates were counted"
                )
        for number, document in self.documents.items():
            told = set(document.counts)
            if len(told) < len(document.counts) or not told <= set(range(1, document.ncounted + 1)):
                yield (
                    f"document {number} was counted {document.ncounted} times,"
                    f" answered as {sorted(document.counts)}"
                )

    def wrong_locations(self, locations):
        """Every document was recorded where it was seen, at most as often, and none elsewhere."""
        there = collections.defaultdict(collections.Counter)
        for location, document_id, has_key in locations:
            there[location][document_id] += 1
            if not has_key:
                yield f"{location} has not its location_key"
        for location in there.keys() | self.seen.keys():
            recorded, seen = there[location], self.seen[location]
            if recorded.keys() != seen.keys() or recorded - seen:
                yield f"documents at {location}: recorded {recorded}, and seen {seen}"

    def wrong_trail(self, rows, connection):
        """The trail has every change that was made and no other, and adds up to the document."""
        unseen = set(self.documents)
        for number, trail in trails(connection):
            unseen.discard(number)
            expected = self.documents[number] if number in self.documents else Document()
            state, wrong = replay(trail)
            for problem in (*wrong_order(trail, expected), *wrong):
                yield f"trail of document {number}: {problem}"
            if number in rows and state != without_times(rows[number]):
                yield f"trail of document {number} adds up to {state}, not to {rows[number]}"
        for number in unseen:
            yield f"document {number} has no trail"


def check(folder):
    """Holds the ledger against the journals of a folder; returns counts of what these say, and
    problems."""
    history, model = journal.History(folder), Model()
    with contextlib.closing(psycopg2.connect()) as connection:
        # One snapshot for all, also while sessions go on.
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor("witnesses") as witnesses:
            witnesses.itersize = 10000
            witnesses.execute("SELECT session, transaction FROM done")
            for facts in history.done(witnesses):
                model.add(entry_points.Fact(*fact) for fact in facts)
        problems = history.problems + list(model.problems(connection))
    return history.counts + model.counts, problems


def fetch_locations(cursor):
    return fetch(
        cursor,
        "SELECT location, document_id, location_key = sha256(convert_to(location, 'UTF8'))"
        " FROM docs.document_locations",
    )


def fetch(cursor, query):
    cursor.execute(query)
    return cursor.fetchall()


def trails(connection):
    """Yields each document's trail, in its order: rows (action, label, old_value, new_value)."""
    number, trail = None, []
    with connection.cursor("trail") as cursor:
        cursor.itersize = 10000
        cursor.execute(
            "SELECT document_id, action, change_reason, old_value, new_value FROM docs.audit_log"
            " ORDER BY document_id, id"
        )
        for document_id, *row in cursor:
            if document_id != number:
                if trail:
                    yield number, trail
                number, trail = document_id, []
            trail.append(row)
    if trail:
        yield number, trail


def wrong_order(trail, expected):
    """Ingested first, and once; nothing after deleted; exactly what was done."""
    actions = [action for action, _, _, _ in trail]
    if actions[0] != "ingested" or actions.count("ingested") > 1:
        yield f"not ingested first and once: {actions}"
    if actions.count("deleted") != expected.deleted or "deleted" in actions[:-1]:
        yield f"deleted {expected.deleted} times, and {actions}"
    there = collections.Counter(label for _, label, _, _ in trail)
    done = collections.Counter(expected.trail)
    if there != done:
        yield f"has {there - done} which was never done, and not {done - there}"


def without_times(row):
    """What a trail can say of a row."""
    return {
        column: value
        for column, value in row.items()
        if value is not None and column != "id" and column not in TIMES
    }


def replay(trail):
    """Returns the row that a trail adds up to, and where its steps do not fit together."""
    state, wrong = {}, []
    for action, label, old_value, new_value in trail:
        old_value = without_times(old_value or {})
        if action == "deleted":
            if state != old_value:
                wrong.append(f"{label} deletes {old_value}, and it was {state}")
            continue
        before = {column: state.get(column) for column in old_value}
        if before != old_value:
            wrong.append(f"{label} changes {old_value}, and it was {before}")
        state = without_times({**state, **(new_value or {})})
    return state, wrong
