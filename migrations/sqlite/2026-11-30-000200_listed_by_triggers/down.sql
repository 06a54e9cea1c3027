DROP TRIGGER listed_models_of_changed;
DROP TRIGGER listed_models_of_new;
