-- The address that a mail goes to: each receiver has a row, with tries and an end of its own. Null for a webhook, and in rows that were
-- written before, which are for all addresses; a worker divides those that wait.
ALTER TABLE notifications ADD COLUMN receiver varchar(320);
DROP INDEX notifications_waiting_idx;
CREATE INDEX notifications_waiting_idx ON notifications (channel, receiver, next_attempt_at) WHERE status = 'waiting';
