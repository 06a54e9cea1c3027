DROP INDEX competitor_inventory_kind_idx;
DROP TABLE vin_decodes;
