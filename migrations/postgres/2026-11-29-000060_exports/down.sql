DROP INDEX export_logs_exported_at_id_idx;
ALTER TABLE export_logs DROP COLUMN report;
ALTER TABLE export_logs DROP COLUMN answer;
ALTER TABLE export_logs DROP COLUMN error_code;
ALTER TABLE export_logs DROP COLUMN bytes;
ALTER TABLE export_logs DROP COLUMN left_out_count;
ALTER TABLE export_logs DROP COLUMN destination;
