UPDATE competitor_inventory SET transferred_at = NULL WHERE transferred_at IS NOT NULL;
DELETE FROM listed_models;
