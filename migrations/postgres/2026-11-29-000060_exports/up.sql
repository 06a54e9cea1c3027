-- What an export was, where it went, and what the other side said.
ALTER TABLE export_logs ADD COLUMN destination text;
ALTER TABLE export_logs ADD COLUMN left_out_count integer;
ALTER TABLE export_logs ADD COLUMN bytes bigint;
ALTER TABLE export_logs ADD COLUMN error_code varchar(100);
ALTER TABLE export_logs ADD COLUMN answer text;
ALTER TABLE export_logs ADD COLUMN report jsonb;
-- The history is listed by time, alone and by platform; the id makes the order whole.
CREATE INDEX export_logs_exported_at_id_idx ON export_logs (exported_at, id);
