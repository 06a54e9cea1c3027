-- When what is missing was last looked for: a listing on sale that was last seen before is unseen.
ALTER TABLE competitors ADD COLUMN looked_for_at timestamptz;
UPDATE competitors SET looked_for_at = (
    SELECT max(observed_at) FROM competitor_scrapes
    WHERE competitor_scrapes.competitor_id = competitors.id AND weight >= 1 AND observed_at <= now()
);
-- How many of the listings on sale were unseen; null in rows that were written before.
ALTER TABLE competitor_metrics ADD COLUMN unseen integer;
