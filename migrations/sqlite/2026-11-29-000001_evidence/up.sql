-- How far a scrape is believed, and the chance that what was found sold comes back.
ALTER TABLE competitor_scrapes ADD COLUMN weight REAL NOT NULL DEFAULT 0;
ALTER TABLE competitor_scrapes ADD COLUMN doubts TEXT;
ALTER TABLE competitor_scrapes ADD COLUMN group_weight REAL;
ALTER TABLE competitor_scrapes ADD COLUMN expected_returns REAL;
ALTER TABLE competitor_scrapes ADD COLUMN returns_seen REAL;
ALTER TABLE competitor_inventory ADD COLUMN p_return REAL;
ALTER TABLE competitor_inventory ADD COLUMN stock_status TEXT CHECK (length(stock_status) <= 50);
-- A scrape that was complete is a whole look. One that was not proved nothing then, and proves nothing now: what is missing since is
-- looked for anew.
UPDATE competitor_scrapes SET weight = 1 WHERE complete = 1;
UPDATE competitor_scrapes SET incomplete_reason = 'many_missing' WHERE incomplete_reason = 'too_few_vehicles';
UPDATE competitor_scrapes SET doubts = incomplete_reason WHERE incomplete_reason IS NOT NULL;
-- Five or more that are missing since the same scrape vanished together: they wait for eight looks, not for two.
UPDATE competitor_scrapes SET group_weight = 0.25
WHERE (competitor_id, observed_at) IN (
        SELECT competitor_id, last_seen_at FROM competitor_inventory
        WHERE NOT coalesce(is_sold, 0)
        GROUP BY competitor_id, last_seen_at HAVING count(*) >= 5
    )
    AND EXISTS (
        SELECT 1 FROM competitor_scrapes AS later
        WHERE later.competitor_id = competitor_scrapes.competitor_id AND later.observed_at > competitor_scrapes.observed_at
    );
