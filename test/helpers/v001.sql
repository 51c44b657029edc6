-- The tables of V001, exactly as its document defines them, but for the ON UPDATE NOW() of
-- documents.updated_at, which PostgreSQL does not have. The tests compare and adopt these tables.
CREATE TABLE documents (
    id SERIAL PRIMARY KEY,
    file_name VARCHAR(500) NOT NULL,
    file_size_bytes INTEGER NOT NULL,
    file_hash VARCHAR(64) NOT NULL UNIQUE,
    file_type VARCHAR(50) NOT NULL,
    ingestion_source VARCHAR(255) NOT NULL,
    ingestion_timestamp TIMESTAMP NOT NULL DEFAULT NOW(),
    document_text TEXT,
    metadata_extracted JSON,
    ingestion_status VARCHAR(50) DEFAULT 'success' NOT NULL,
    error_message VARCHAR(1000),
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE INDEX ix_documents_file_hash ON documents(file_hash);
CREATE INDEX ix_documents_ingestion_timestamp ON documents(ingestion_timestamp);
CREATE INDEX ix_documents_file_type ON documents(file_type);

CREATE TABLE hash_index (
    id SERIAL PRIMARY KEY,
    file_hash VARCHAR(64) NOT NULL UNIQUE,
    document_id INTEGER NOT NULL,
    first_seen TIMESTAMP NOT NULL DEFAULT NOW(),
    duplicate_count INTEGER DEFAULT 0 NOT NULL,
    last_seen TIMESTAMP NOT NULL DEFAULT NOW(),
    FOREIGN KEY (document_id) REFERENCES documents(id) ON DELETE CASCADE
);
CREATE INDEX ix_hash_index_file_hash ON hash_index(file_hash);

CREATE TABLE audit_log (
    id SERIAL PRIMARY KEY,
    document_id INTEGER NOT NULL,
    action VARCHAR(50) NOT NULL,
    action_timestamp TIMESTAMP NOT NULL DEFAULT NOW(),
    user_or_system VARCHAR(255) NOT NULL DEFAULT 'system',
    old_value JSON,
    new_value JSON,
    change_reason VARCHAR(500),
    FOREIGN KEY (document_id) REFERENCES documents(id) ON DELETE CASCADE
);
CREATE INDEX ix_audit_log_document_id ON audit_log(document_id);
CREATE INDEX ix_audit_log_action_timestamp ON audit_log(action_timestamp);

CREATE TABLE error_log (
    id SERIAL PRIMARY KEY,
    file_name VARCHAR(500) NOT NULL,
    error_type VARCHAR(100) NOT NULL,
    error_message VARCHAR(2000) NOT NULL,
    error_timestamp TIMESTAMP NOT NULL DEFAULT NOW(),
    retry_attempted BOOLEAN DEFAULT FALSE NOT NULL,
    resolution_notes VARCHAR(1000)
);
CREATE INDEX ix_error_log_error_timestamp ON error_log(error_timestamp);
