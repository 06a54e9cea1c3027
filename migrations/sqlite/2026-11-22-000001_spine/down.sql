-- Takes everything away, rows included. The library never runs it: it is for a developer who wants to begin again.
DROP TABLE IF EXISTS job_leases;
DROP TABLE IF EXISTS competitor_scrapes;
DROP TABLE IF EXISTS session;
DROP TABLE IF EXISTS job_history;
DROP TABLE IF EXISTS storage_alerts;
DROP TABLE IF EXISTS activity_logs;
DROP TABLE IF EXISTS export_logs;
DROP TABLE IF EXISTS competitor_metrics;
DROP TABLE IF EXISTS competitor_price_history;
DROP TABLE IF EXISTS competitor_inventory;
DROP TABLE IF EXISTS competitors;
DROP TABLE IF EXISTS vin_evaluation_cache;
DROP TABLE IF EXISTS market_price_history;
DROP TABLE IF EXISTS market_research_results;
DROP TABLE IF EXISTS inventory;
DROP TABLE IF EXISTS pending_submissions;
DROP TABLE IF EXISTS users;
