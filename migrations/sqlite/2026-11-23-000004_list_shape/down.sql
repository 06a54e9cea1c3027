ALTER TABLE competitor_scrapes DROP COLUMN list_url;
ALTER TABLE competitor_scrapes DROP COLUMN page_vehicles;
