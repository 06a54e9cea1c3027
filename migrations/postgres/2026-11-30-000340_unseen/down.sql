ALTER TABLE competitor_metrics DROP COLUMN unseen;
ALTER TABLE competitors DROP COLUMN looked_for_at;
