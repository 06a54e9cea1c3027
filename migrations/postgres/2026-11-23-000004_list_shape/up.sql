-- The shape of the list as a scrape saw it: vehicles on each page but the last, and where redirects led. A list that ends a
-- page earlier, or at another address, is compared with them.
ALTER TABLE competitor_scrapes ADD COLUMN page_vehicles integer;
ALTER TABLE competitor_scrapes ADD COLUMN list_url text;
