"""V001: documents, hash_index, audit_log and error_log."""

import sqlalchemy as sa
from alembic import op

revision = "001_initial_schema"
down_revision = None
branch_labels = None
depends_on = None


def timestamp(name):
    return sa.Column(name, sa.DateTime(), nullable=False, server_default=sa.func.now())


def upgrade():
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("file_name", sa.String(500), nullable=False),
        sa.Column("file_size_bytes", sa.Integer(), nullable=False),
        sa.Column("file_hash", sa.String(64), nullable=False),
        sa.Column("file_type", sa.String(50), nullable=False),
        sa.Column("ingestion_source", sa.String(255), nullable=False),
        timestamp("ingestion_timestamp"),
        sa.Column("document_text", sa.Text()),
        sa.Column("metadata_extracted", sa.JSON()),
        sa.Column("ingestion_status", sa.String(50), nullable=False, server_default="success"),
        sa.Column("error_message", sa.String(1000)),
        timestamp("created_at"),
        timestamp("updated_at"),
        sa.UniqueConstraint("file_hash"),
    )
    op.create_index("ix_documents_file_hash", "documents", ["file_hash"])
    op.create_index("ix_documents_ingestion_timestamp", "documents", ["ingestion_timestamp"])
    op.create_index("ix_documents_file_type", "documents", ["file_type"])

    op.create_table(
        "hash_index",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("file_hash", sa.String(64), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        timestamp("first_seen"),
        sa.Column("duplicate_count", sa.Integer(), nullable=False, server_default="0"),
        timestamp("last_seen"),
        sa.UniqueConstraint("file_hash"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_hash_index_file_hash", "hash_index", ["file_hash"])

    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(50), nullable=False),
        timestamp("action_timestamp"),
        sa.Column("user_or_system", sa.String(255), nullable=False, server_default="system"),
        sa.Column("old_value", sa.JSON()),
        sa.Column("new_value", sa.JSON()),
        sa.Column("change_reason", sa.String(500)),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_audit_log_document_id", "audit_log", ["document_id"])
    op.create_index("ix_audit_log_action_timestamp", "audit_log", ["action_timestamp"])

    op.create_table(
        "error_log",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("file_name", sa.String(500), nullable=False),
        sa.Column("error_type", sa.String(100), nullable=False),
        sa.Column("error_message", sa.String(2000), nullable=False),
        timestamp("error_timestamp"),
        sa.Column("retry_attempted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("resolution_notes", sa.String(1000)),
    )
    op.create_index("ix_error_log_error_timestamp", "error_log", ["error_timestamp"])


def downgrade():
    op.drop_table("error_log")
    op.drop_table("audit_log")
    op.drop_table("hash_index")
    op.drop_table("documents")
