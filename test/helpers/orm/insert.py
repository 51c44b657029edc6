#!/usr/bin/python3
"""Inserts documents by SQLAlchemy's ORM, with times of its own, as the role of the environment.

    insert.py WAY NAME

WAY: "server_id" leaves the id to the server; "sequence_first" draws it from the sequence before the
INSERT, as other ORMs do. Prints the ids.
"""

import datetime
import hashlib
import sys

import sqlalchemy as sa
from sqlalchemy import orm

Base = orm.declarative_base()
PAST = datetime.datetime(2020, 1, 1)


def model(way):
    """Returns the class of documents."""
    sequence = sa.Sequence("documents_id_seq", schema="docs")
    key = [sequence] if way == "sequence_first" else []

    class Document(Base):
        __tablename__ = "documents"
        __table_args__ = {"schema": "docs"}
        id = sa.Column(sa.Integer, *key, primary_key=True)
        file_name = sa.Column(sa.String(500), nullable=False)
        file_size_bytes = sa.Column(sa.Integer, nullable=False)
        file_hash = sa.Column(sa.String(64), nullable=False)
        file_type = sa.Column(sa.String(255), nullable=False)
        ingestion_source = sa.Column(sa.String(255), nullable=False)
        ingestion_timestamp = sa.Column(sa.DateTime, default=PAST)
        created_at = sa.Column(sa.DateTime, default=PAST)
        updated_at = sa.Column(sa.DateTime, default=PAST)

    return Document


def main():
    way, name = sys.argv[1:]
    document_class = model(way)
    # An empty URL: libpq takes the environment.
    engine = sa.create_engine("postgresql://", poolclass=sa.pool.NullPool)
    with orm.Session(engine) as session:
        documents = [
            document_class(
                file_name=f"{name} {number}",
                file_size_bytes=1,
                file_hash=hashlib.sha256(f"{name} {number}".encode()).hexdigest(),
                file_type="text/plain",
                ingestion_source="orm",
            )
            for number in range(3)
        ]
        session.add_all(documents)
        session.commit()
        print(*(document.id for document in documents))


main()
