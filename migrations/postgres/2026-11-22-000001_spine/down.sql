-- Takes everything away, rows included. The library never runs it: it is for a developer who wants to begin again.
DROP TABLE IF EXISTS
    job_leases, competitor_scrapes, session, job_history, storage_alerts, activity_logs, export_logs, competitor_metrics,
    competitor_price_history, competitor_inventory, competitors, vin_evaluation_cache, market_price_history,
    market_research_results, inventory, pending_submissions, users;
