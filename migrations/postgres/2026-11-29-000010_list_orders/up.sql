-- Each order in which a list is offered is the order of an index, so that a page costs the same however long the table is.
CREATE INDEX inventory_listed_at_id_idx ON inventory (listed_at, id);
CREATE INDEX inventory_price_id_idx ON inventory (price, id);
CREATE INDEX inventory_mileage_id_idx ON inventory (mileage, id);
CREATE INDEX inventory_year_id_idx ON inventory (year, id);
CREATE INDEX pending_submissions_submitted_at_id_idx ON pending_submissions (submitted_at, id);
CREATE INDEX storage_alerts_created_at_id_idx ON storage_alerts (created_at, id);
CREATE INDEX competitors_name_id_idx ON competitors (name, id);
DROP INDEX IF EXISTS activity_logs_created_at_idx;
CREATE INDEX activity_logs_created_at_id_idx ON activity_logs (created_at, id);
