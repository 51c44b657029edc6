"""What a session does to a ledger: every entry point into it, and changes of what is there.

An entry point is a method that does one thing in the current transaction and returns what the
ledger answered: facts, which hold once the transaction is committed.
"""

import collections
import hashlib
import io
import os
import random

# Documents that all sessions offer and change; few, so that the sessions meet.
SHARED = 24

# STORED: a document has this hash now, and a trail row says so.
# COUNTED: a duplicate was counted; "count" is the answered duplicate_count, None without an answer.
# CHANGED: an UPDATE, which may have given the document another hash.
# DELETED, FAILED: a document is gone; a row of error_log is there.
# SEEN: document_locations says that a document was at this location.
STORED, COUNTED, CHANGED, DELETED, FAILED = "stored", "counted", "changed", "deleted", "failed"
SEEN = "seen"
Fact = collections.namedtuple(
    "Fact", "kind document_id hash count label location", defaults=(None,) * 5
)

# A document on offer; its content is its name.
Offer = collections.namedtuple("Offer", "name status message location")

# Locations that all sessions use; few, so that the sessions meet.
SHARED_LOCATIONS = 12


def hash_of(name):
    return hashlib.sha256(name.encode()).hexdigest()


def shared_names():
    return [f"content {n}" for n in range(SHARED)]


def write_files(folder):
    """Writes the shared documents as files for ingest_file(), unless another load has done so."""
    for name in shared_names():
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            with open(path, "w", encoding="ascii") as file:
                file.write(name)


class EntryPoints:
    """The entry points as one session uses them."""

    # How often each is used; the first ones ingest.
    INGESTING = {
        "ingest_document": 25,
        "ingest_documents": 25,
        "inbox_insert": 8,
        "inbox_copy": 8,
        "ingest_hashed_document": 8,
        "ingest_hashed_documents": 8,
        "ingest_file": 5,
        "ingest_large_object": 4,
        "try_ingest_document": 5,
        "insert": 6,
    }
    CHANGING = {"update": 4, "fail": 6, "move": 3, "delete": 8, "record_extraction": 4}
    SHARES = {**INGESTING, **CHANGING}

    def __init__(self, seed, session, folder):
        self.random = random.Random(f"{seed} {session}")
        self.session = session
        self.folder = folder
        self.operations = 0

    def choose(self):
        """Returns an entry point's name."""
        return self.random.choices(list(self.SHARES), list(self.SHARES.values()))[0]

    def use(self, name, cursor):
        """Does it once; the trail has as the reason a label, which is new each time."""
        self.operations += 1
        self.label = f"{self.session}.{self.operations}"
        cursor.execute("SET LOCAL doc_extractor.reason = %s", (self.label,))
        return getattr(self, name)(cursor)

    def shared(self):
        return self.random.choice(shared_names())

    def offer(self, name, number=0):
        """Offers a document, now and then as a failure whose message is new."""
        status = self.random.choices(["success", "failed", "retry"], [8, 1, 1])[0]
        message = None if status == "success" else f"{self.label}.{number}"
        return Offer(name, status, message, self.location(number))

    def location(self, number):
        """Returns a location that many documents come to, or one that is new, or none."""
        return self.random.choice(
            [None, f"/{self.random.randrange(SHARED_LOCATIONS)}", f"/{self.label}/{number}"]
        )

    def batch(self):
        """Returns a batch in random order: shared documents, some of them twice, and new ones.

        Now and then these are many, so that they are inserted together.
        """
        names = [self.shared() for _ in range(self.random.randint(1, 8))]
        names += [f"{self.label} {n}" for n in range(self.random.choice([0, 1, 2, 60]))]
        self.random.shuffle(names)
        return [self.offer(name, number) for number, name in enumerate(names)]

    def answered(self, offers, rows):
        """Returns the facts of rows with COLUMNS."""
        facts = []
        for offer, row in zip(offers, rows, strict=True):
            document_id, is_duplicate, file_hash, count, at_location = row
            assert file_hash == hash_of(offer.name), f"{offer.name} was answered as {file_hash}"
            assert offer.location or not at_location, f"{offer.name} has no location"
            if not is_duplicate:
                facts.append(Fact(STORED, document_id, file_hash, label=self.label))
            elif not at_location:
                facts.append(Fact(COUNTED, document_id, file_hash, count))
            if offer.location:
                facts.append(Fact(SEEN, document_id, file_hash, location=offer.location))
        return facts

    def looked_up(self, cursor, offers):
        """Returns the facts if there was no answer: what is not in the trail was counted.

        Once hash_index was rewritten, an older snapshot does not keep us from storing a document
        again that it still has. The row that counts is then the transaction's own, so the newest.
        """
        offered = collections.Counter(hash_of(offer.name) for offer in offers)
        cursor.execute(
            "SELECT DISTINCT ON (d.file_hash)"
            " d.id, d.file_hash, (SELECT count(*) FROM docs.audit_log a"
            " WHERE a.document_id = d.id AND a.change_reason = %s)"
            " FROM docs.documents d WHERE d.file_hash = ANY (%s)"
            " ORDER BY d.file_hash, age(d.xmin)",
            (self.label, list(offered)),
        )
        rows = cursor.fetchall()
        assert len(rows) == len(offered), f"{self.label}: {len(rows)} of {len(offered)} are there"
        facts = []
        for document_id, file_hash, stored in rows:
            facts += [Fact(STORED, document_id, file_hash, label=self.label)] * stored
            facts += [Fact(COUNTED, document_id, file_hash)] * (offered[file_hash] - stored)
            facts += [
                Fact(SEEN, document_id, file_hash, location=offer.location)
                for offer in offers
                if offer.location and hash_of(offer.name) == file_hash
            ]
        return facts

    COLUMNS = "document_id, is_duplicate, file_hash, duplicate_count, at_location"
    STATUS = "ingestion_status => %s, error_message => %s, location => %s"

    def ingest_document(self, cursor):
        offer = self.offer(self.shared())
        cursor.execute(
            f"SELECT {self.COLUMNS} FROM docs.ingest_document(%s, %s, 'text/plain', {self.STATUS})",
            (offer.name, offer.name.encode(), offer.status, offer.message, offer.location),
        )
        return self.answered([offer], cursor.fetchall())

    def ingest_hashed_document(self, cursor):
        offer = self.offer(self.shared())
        cursor.execute(
            f"SELECT {self.COLUMNS}"
            f" FROM docs.ingest_hashed_document(%s, %s, %s, 'text/plain', {self.STATUS})",
            (offer.name, hash_of(offer.name), len(offer.name), offer.status, offer.message, offer.location),
        )
        return self.answered([offer], cursor.fetchall())

    def ingest_file(self, cursor):
        """Without a location, the path is it."""
        offer = self.offer(self.shared())
        path = os.path.join(self.folder, offer.name)
        cursor.execute(
            f"SELECT {self.COLUMNS} FROM docs.ingest_file(%s, 'text/plain', {self.STATUS})",
            (path, offer.status, offer.message, offer.location),
        )
        if offer.location is None:
            offer = offer._replace(location=path)
        return self.answered([offer], cursor.fetchall())

    def ingest_large_object(self, cursor):
        offer = self.offer(self.shared())
        cursor.execute("SELECT lo_from_bytea(0, %s)", (offer.name.encode(),))
        (loid,) = cursor.fetchone()
        cursor.execute(
            f"SELECT {self.COLUMNS}"
            f" FROM docs.ingest_large_object(%s, %s, 'text/plain', {self.STATUS})",
            (loid, offer.name, offer.status, offer.message, offer.location),
        )
        rows = cursor.fetchall()
        cursor.execute("SELECT lo_unlink(%s)", (loid,))
        return self.answered([offer], rows)

    def try_ingest_document(self, cursor):
        """Half of them are bad: they have no type."""
        offer = self.offer(self.shared())
        file_type = self.random.choice(["text/plain", ""])
        cursor.execute(
            f"SELECT {self.COLUMNS}, error_id"
            f" FROM docs.try_ingest_document(%s, %s, %s, {self.STATUS})",
            (offer.name, offer.name.encode(), file_type, offer.status, offer.message, offer.location),
        )
        *row, error_id = cursor.fetchone()
        assert (error_id is None) == (file_type != ""), f"{self.label}: error_id {error_id}"
        return [Fact(FAILED)] if file_type == "" else self.answered([offer], [row])

    def ingest_documents(self, cursor):
        offers = self.batch()
        cursor.execute(
            f"SELECT {self.COLUMNS} FROM docs.ingest_documents(%s, %s, %s,"
            " ingestion_statuses => %s, error_messages => %s::text[], locations => %s::text[])"
            " WITH ORDINALITY ORDER BY ordinality",
            (
                [offer.name for offer in offers],
                [offer.name.encode() for offer in offers],
                ["text/plain"] * len(offers),
                [offer.status for offer in offers],
                [offer.message for offer in offers],
                [offer.location for offer in offers],
            ),
        )
        return self.answered(offers, cursor.fetchall())

    def ingest_hashed_documents(self, cursor):
        offers = self.batch()
        cursor.execute(
            f"SELECT {self.COLUMNS} FROM docs.ingest_hashed_documents(%s, %s, %s, %s,"
            " ingestion_statuses => %s, error_messages => %s::text[], locations => %s::text[])"
            " ORDER BY ordinality",
            (
                [offer.name for offer in offers],
                [hash_of(offer.name) for offer in offers],
                [len(offer.name) for offer in offers],
                ["text/plain"] * len(offers),
                [offer.status for offer in offers],
                [offer.message for offer in offers],
                [offer.location for offer in offers],
            ),
        )
        return self.answered(offers, cursor.fetchall())

    INBOX = (
        "docs.document_inbox"
        " (file_name, content, file_type, ingestion_status, error_message, location)"
    )

    def inbox(self):
        """Returns a batch: there is no answer, so that each location is new, and each duplicate
        counts."""
        return [
            offer._replace(location=f"/{self.label}/{number}")
            for number, offer in enumerate(self.batch())
        ]

    def inbox_rows(self, offers):
        """Returns the rows of a batch, as they are inserted."""
        return [
            (o.name, o.name.encode(), "text/plain", o.status, o.message, o.location) for o in offers
        ]

    def inbox_insert(self, cursor):
        """Half of them have a bad document, which goes to error_log."""
        offers = self.inbox()
        rows = self.inbox_rows(offers)
        bad = self.random.choice([True, False])
        if bad:
            rows.append((self.shared(), b"bad", "", None, None, "/bad"))
            cursor.execute("SET LOCAL doc_extractor.on_bad_document = log")
        values = b",".join(cursor.mogrify("%s", (row,)) for row in rows)
        cursor.execute(f"INSERT INTO {self.INBOX} VALUES ".encode() + values)
        cursor.execute("SET LOCAL doc_extractor.on_bad_document = error")
        return self.looked_up(cursor, offers) + [Fact(FAILED)] * bad

    def inbox_copy(self, cursor):
        offers = self.inbox()
        lines = [
            "\t".join(
                value.decode() if isinstance(value, bytes) else value or "" for value in row
            )
            for row in self.inbox_rows(offers)
        ]
        cursor.copy_expert(
            f"COPY {self.INBOX} FROM STDIN (NULL '')", io.StringIO("\n".join(lines) + "\n")
        )
        return self.looked_up(cursor, offers)

    def insert(self, cursor):
        """Half of them are new; if the document is there already, this is an error."""
        name = self.random.choice([self.shared(), self.label])
        cursor.execute(
            "INSERT INTO docs.documents"
            " (file_name, file_size_bytes, file_hash, file_type, ingestion_source)"
            " VALUES (%s, %s, %s, 'text/plain', 'insert') RETURNING id",
            (name, len(name), hash_of(name)),
        )
        return [Fact(STORED, cursor.fetchone()[0], hash_of(name), label=self.label)]

    def set(self, cursor, assignment, value, file_hash=None):
        """Updates a shared document, if it is there."""
        cursor.execute(
            f"UPDATE docs.documents SET {assignment} WHERE file_hash = %s RETURNING id",
            (*value, hash_of(self.shared())),
        )
        return [Fact(CHANGED, row[0], file_hash, label=self.label) for row in cursor.fetchall()]

    def update(self, cursor):
        return self.set(cursor, "document_text = %s", (self.label,))

    def fail(self, cursor):
        return self.set(
            cursor, "ingestion_status = 'failed', error_message = %s", (self.label,)
        )

    def move(self, cursor):
        file_hash = hash_of(self.label)
        return self.set(
            cursor, "file_name = %s, file_hash = %s", (self.label, file_hash), file_hash
        )

    def record_extraction(self, cursor):
        cursor.execute(
            "SELECT d.id FROM docs.documents d, docs.record_extraction(d.id, %s, NULL, 'random', %s) r"
            " WHERE d.file_hash = %s AND r.text_stored",
            (self.label, self.random.choice([True, False]), hash_of(self.shared())),
        )
        return [Fact(CHANGED, row[0], label=self.label) for row in cursor.fetchall()]

    def delete(self, cursor):
        cursor.execute(
            "DELETE FROM docs.documents WHERE file_hash = %s RETURNING id",
            (hash_of(self.shared()),),
        )
        return [Fact(DELETED, row[0], label=self.label) for row in cursor.fetchall()]
