DROP INDEX activity_logs_created_at_id_idx;
CREATE INDEX activity_logs_created_at_idx ON activity_logs (created_at);
DROP INDEX competitors_name_id_idx;
DROP INDEX storage_alerts_created_at_id_idx;
DROP INDEX pending_submissions_submitted_at_id_idx;
DROP INDEX inventory_year_id_idx;
DROP INDEX inventory_mileage_id_idx;
DROP INDEX inventory_price_id_idx;
DROP INDEX inventory_listed_at_id_idx;
