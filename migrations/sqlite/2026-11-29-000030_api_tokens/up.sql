-- Secrets of machines, of which only a hash is kept, and the token that an entry of the audit trail was written through.
CREATE TABLE api_tokens (
    id           BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name         TEXT NOT NULL CHECK (length(name) <= 255),
    role         TEXT NOT NULL CHECK (role IN ('admin', 'manager', 'viewer')),
    secret_hash  TEXT NOT NULL CHECK (length(secret_hash) <= 64),
    user_id      BLOB REFERENCES users (id),
    created_at   TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??.??????Z'),
    expires_at   TEXT CHECK (expires_at GLOB '????-??-??T??:??:??.??????Z'),
    last_used_at TEXT CHECK (last_used_at GLOB '????-??-??T??:??:??.??????Z'),
    revoked_at   TEXT CHECK (revoked_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
CREATE INDEX api_tokens_created_at_id_idx ON api_tokens (created_at, id);
CREATE INDEX api_tokens_user_id_created_at_id_idx ON api_tokens (user_id, created_at, id);
ALTER TABLE activity_logs ADD COLUMN token_id BLOB CHECK (length(token_id) = 16);
