DROP TRIGGER listed_models_of_changed ON competitor_inventory;
DROP TRIGGER listed_models_of_new ON competitor_inventory;
DROP FUNCTION note_listed_models();
