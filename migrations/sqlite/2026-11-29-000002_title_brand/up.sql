-- What a website says of a car beside its price: its title, its condition, its odometer, and whether somebody is buying it.
ALTER TABLE competitor_inventory ADD COLUMN title_brand TEXT CHECK (length(title_brand) <= 50);
ALTER TABLE competitor_inventory ADD COLUMN condition TEXT CHECK (length(condition) <= 50);
ALTER TABLE competitor_inventory ADD COLUMN odometer_status TEXT CHECK (length(odometer_status) <= 50);
ALTER TABLE competitor_inventory ADD COLUMN sale_status TEXT CHECK (length(sale_status) <= 50);
