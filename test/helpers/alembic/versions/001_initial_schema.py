"""V001: documents, hash_index, audit_log and error_log.

The tables are those of v001.sql, but Alembic makes them, from models: those that it reads from the
tables which the SQL makes, for a moment.
"""

import pathlib

import sqlalchemy as sa
from alembic import op
from alembic.operations.ops import CreateIndexOp, CreateTableOp

revision = "001_initial_schema"
down_revision = None
branch_labels = None
depends_on = None

V001 = pathlib.Path(__file__).parents[2] / "v001.sql"


def models():
    metadata = sa.MetaData()
    connection = op.get_bind()
    savepoint = connection.begin_nested()
    connection.exec_driver_sql(V001.read_text())
    metadata.reflect(connection, only=lambda name, _: name != "alembic_version")
    savepoint.rollback()
    for table in metadata.tables.values():
        for constraint in table.constraints:
            constraint.name = None  # As in models written by hand: the server names it.
    return metadata


def upgrade():
    for table in models().sorted_tables:
        op.invoke(CreateTableOp.from_table(table))
        for index in table.indexes:
            op.invoke(CreateIndexOp.from_index(index))


def downgrade():
    op.drop_table("error_log")
    op.drop_table("audit_log")
    op.drop_table("hash_index")
    op.drop_table("documents")
