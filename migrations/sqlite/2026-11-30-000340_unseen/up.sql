-- When what is missing was last looked for: a listing on sale that was last seen before is unseen.
ALTER TABLE competitors ADD COLUMN looked_for_at TEXT
    CHECK (looked_for_at GLOB '????-??-??T??:??:??.??????Z');
UPDATE competitors SET looked_for_at = (
    SELECT max(observed_at) FROM competitor_scrapes
    WHERE competitor_scrapes.competitor_id = competitors.id AND weight >= 1
      AND observed_at <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND observed_at GLOB '????-??-??T??:??:??.??????Z'
);
-- How many of the listings on sale were unseen; null in rows that were written before.
ALTER TABLE competitor_metrics ADD COLUMN unseen INTEGER;
