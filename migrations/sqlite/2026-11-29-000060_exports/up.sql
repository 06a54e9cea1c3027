-- What an export was, where it went, and what the other side said.
ALTER TABLE export_logs ADD COLUMN destination TEXT;
ALTER TABLE export_logs ADD COLUMN left_out_count INTEGER;
ALTER TABLE export_logs ADD COLUMN bytes INTEGER;
ALTER TABLE export_logs ADD COLUMN error_code TEXT CHECK (length(error_code) <= 100);
ALTER TABLE export_logs ADD COLUMN answer TEXT;
ALTER TABLE export_logs ADD COLUMN report TEXT CHECK (report IS NULL OR json_valid(report));
-- The history is listed by time, alone and by platform; the id makes the order whole.
CREATE INDEX export_logs_exported_at_id_idx ON export_logs (exported_at, id);
