ALTER TABLE competitors DROP COLUMN list_changed_at;
