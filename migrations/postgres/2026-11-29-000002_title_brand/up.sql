-- What a website says of a car beside its price: its title, its condition, its odometer, and whether somebody is buying it.
ALTER TABLE competitor_inventory ADD COLUMN title_brand varchar(50);
ALTER TABLE competitor_inventory ADD COLUMN condition varchar(50);
ALTER TABLE competitor_inventory ADD COLUMN odometer_status varchar(50);
ALTER TABLE competitor_inventory ADD COLUMN sale_status varchar(50);
