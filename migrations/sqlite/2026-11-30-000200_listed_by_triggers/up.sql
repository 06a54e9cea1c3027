-- What listings are called is kept in `listed_models` by the table itself, whichever program writes a listing or changes its name.
-- A statement that makes a trigger run decides what a conflict does, so the triggers look before they write.
CREATE TRIGGER listed_models_of_new AFTER INSERT ON competitor_inventory
WHEN typeof(NEW.year) = 'integer' AND typeof(NEW.make) = 'text' AND typeof(NEW.model) = 'text'
BEGIN
    INSERT INTO listed_models (year, make, model)
    SELECT NEW.year, lower(NEW.make), lower(NEW.model)
    WHERE NOT EXISTS (SELECT 1 FROM listed_models AS known
                      WHERE known.year = NEW.year AND known.make = lower(NEW.make) AND known.model = lower(NEW.model));
END;
CREATE TRIGGER listed_models_of_changed AFTER UPDATE OF year, make, model ON competitor_inventory
WHEN typeof(NEW.year) = 'integer' AND typeof(NEW.make) = 'text' AND typeof(NEW.model) = 'text'
     AND (NEW.year IS NOT OLD.year OR NEW.make IS NOT OLD.make OR NEW.model IS NOT OLD.model)
BEGIN
    INSERT INTO listed_models (year, make, model)
    SELECT NEW.year, lower(NEW.make), lower(NEW.model)
    WHERE NOT EXISTS (SELECT 1 FROM listed_models AS known
                      WHERE known.year = NEW.year AND known.make = lower(NEW.make) AND known.model = lower(NEW.model));
END;
-- What was written or repaired since the table was filled.
INSERT OR IGNORE INTO listed_models (year, make, model)
SELECT DISTINCT year, lower(make), lower(model) FROM competitor_inventory
WHERE typeof(year) = 'integer' AND typeof(make) = 'text' AND typeof(model) = 'text';
