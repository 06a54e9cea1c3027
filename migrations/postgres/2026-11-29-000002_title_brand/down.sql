ALTER TABLE competitor_inventory DROP COLUMN sale_status;
ALTER TABLE competitor_inventory DROP COLUMN odometer_status;
ALTER TABLE competitor_inventory DROP COLUMN condition;
ALTER TABLE competitor_inventory DROP COLUMN title_brand;
