-- What has happened that somebody wants to be told of, written in the transaction in which it happens. A worker takes the rows out.
CREATE TABLE outbox (
    id        uuid PRIMARY KEY,
    event     varchar(50) NOT NULL,
    data      jsonb NOT NULL,
    raised_at timestamptz NOT NULL
);
CREATE INDEX outbox_raised_at_id_idx ON outbox (raised_at, id);
-- What is told to whom: a row for each event and each channel. A holder sends it until its lease ends.
CREATE TABLE notifications (
    id              uuid PRIMARY KEY,
    event_id        uuid NOT NULL,
    event           varchar(50) NOT NULL,
    channel         varchar(50) NOT NULL,
    data            jsonb NOT NULL,
    status          varchar(20) NOT NULL CHECK (status IN ('waiting', 'delivered', 'given_up')),
    attempts        integer NOT NULL,
    raised_at       timestamptz NOT NULL,
    next_attempt_at timestamptz,
    ended_at        timestamptz,
    error           text,
    answer          text,
    holder          varchar(255),
    leased_until    timestamptz
);
CREATE INDEX notifications_raised_at_id_idx ON notifications (raised_at, id);
CREATE INDEX notifications_waiting_idx ON notifications (channel, next_attempt_at) WHERE status = 'waiting';
-- Channels that are off because their receiver said that it is gone, until they have another target.
CREATE TABLE notification_channels (
    name        varchar(50) PRIMARY KEY,
    target_hash varchar(64) NOT NULL,
    off_since   timestamptz NOT NULL,
    reason      text NOT NULL
);
