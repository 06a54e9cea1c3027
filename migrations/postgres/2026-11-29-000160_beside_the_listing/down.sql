DROP TABLE locks;
DROP TABLE listed_models;
ALTER TABLE competitor_inventory DROP COLUMN transferred_at;
DROP TRIGGER IF EXISTS competitor_of_price ON competitor_price_history;
DROP FUNCTION competitor_of_price();
ALTER TABLE competitor_price_history DROP COLUMN competitor_id;
