-- Calls that clients may repeat, by a hash of the caller and the client's key, with the answer of the first call.
CREATE TABLE idempotency_keys (
    name_hash    varchar(64) PRIMARY KEY,
    request_hash varchar(64) NOT NULL,
    status       integer,
    location     text,
    answer       text,
    created_at   timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
