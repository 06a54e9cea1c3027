-- What has happened that somebody wants to be told of, written in the transaction in which it happens. A worker takes the rows out.
CREATE TABLE outbox (
    id        BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    event     TEXT NOT NULL CHECK (length(event) <= 50),
    data      TEXT NOT NULL CHECK (json_valid(data)),
    raised_at TEXT NOT NULL CHECK (raised_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
CREATE INDEX outbox_raised_at_id_idx ON outbox (raised_at, id);
-- What is told to whom: a row for each event and each channel. A holder sends it until its lease ends.
CREATE TABLE notifications (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    event_id        BLOB NOT NULL CHECK (length(event_id) = 16),
    event           TEXT NOT NULL CHECK (length(event) <= 50),
    channel         TEXT NOT NULL CHECK (length(channel) <= 50),
    data            TEXT NOT NULL CHECK (json_valid(data)),
    status          TEXT NOT NULL CHECK (status IN ('waiting', 'delivered', 'given_up')),
    attempts        INTEGER NOT NULL,
    raised_at       TEXT NOT NULL CHECK (raised_at GLOB '????-??-??T??:??:??.??????Z'),
    next_attempt_at TEXT CHECK (next_attempt_at GLOB '????-??-??T??:??:??.??????Z'),
    ended_at        TEXT CHECK (ended_at GLOB '????-??-??T??:??:??.??????Z'),
    error           TEXT,
    answer          TEXT,
    holder          TEXT CHECK (length(holder) <= 255),
    leased_until    TEXT CHECK (leased_until GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
CREATE INDEX notifications_raised_at_id_idx ON notifications (raised_at, id);
CREATE INDEX notifications_waiting_idx ON notifications (channel, next_attempt_at) WHERE status = 'waiting';
-- Channels that are off because their receiver said that it is gone, until they have another target.
CREATE TABLE notification_channels (
    name        TEXT NOT NULL PRIMARY KEY CHECK (length(name) <= 50),
    target_hash TEXT NOT NULL CHECK (length(target_hash) <= 64),
    off_since   TEXT NOT NULL CHECK (off_since GLOB '????-??-??T??:??:??.??????Z'),
    reason      TEXT NOT NULL
) STRICT;
