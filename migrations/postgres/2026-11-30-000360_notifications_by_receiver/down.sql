DROP INDEX notifications_waiting_idx;
CREATE INDEX notifications_waiting_idx ON notifications (channel, next_attempt_at) WHERE status = 'waiting';
ALTER TABLE notifications DROP COLUMN receiver;
