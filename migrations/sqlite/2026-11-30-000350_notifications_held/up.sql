-- What is being sent now: looked at for senders whose processes have ended, however much waits for a channel.
CREATE INDEX notifications_held_idx ON notifications (channel) WHERE holder IS NOT NULL;
