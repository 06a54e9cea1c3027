-- Calls that clients may repeat, by a hash of the caller and the client's key, with the answer of the first call.
CREATE TABLE idempotency_keys (
    name_hash    TEXT NOT NULL PRIMARY KEY CHECK (length(name_hash) <= 64),
    request_hash TEXT NOT NULL CHECK (length(request_hash) <= 64),
    status       INTEGER,
    location     TEXT,
    answer       TEXT,
    created_at   TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
