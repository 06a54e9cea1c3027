-- Takes away what up.sql added. The library never runs it: it is for a developer who wants to go back.
DROP TABLE IF EXISTS competitor_pages;
ALTER TABLE competitors DROP COLUMN next_scrape_at;
