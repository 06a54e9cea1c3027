-- Without the column a row is for all addresses, and one of them is enough of each event.
DELETE FROM notifications WHERE status = 'waiting' AND receiver IS NOT NULL AND EXISTS (
    SELECT 1 FROM notifications AS other
    WHERE other.event_id = notifications.event_id AND other.channel = notifications.channel
      AND other.status = 'waiting' AND other.id < notifications.id);
DROP INDEX notifications_waiting_idx;
CREATE INDEX notifications_waiting_idx ON notifications (channel, next_attempt_at) WHERE status = 'waiting';
ALTER TABLE notifications DROP COLUMN receiver;
