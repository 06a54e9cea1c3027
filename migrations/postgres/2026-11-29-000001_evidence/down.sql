ALTER TABLE competitor_inventory DROP COLUMN stock_status;
ALTER TABLE competitor_inventory DROP COLUMN p_return;
ALTER TABLE competitor_scrapes DROP COLUMN returns_seen;
ALTER TABLE competitor_scrapes DROP COLUMN expected_returns;
ALTER TABLE competitor_scrapes DROP COLUMN group_weight;
ALTER TABLE competitor_scrapes DROP COLUMN doubts;
ALTER TABLE competitor_scrapes DROP COLUMN weight;
