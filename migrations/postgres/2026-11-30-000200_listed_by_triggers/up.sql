-- What listings are called is kept in `listed_models` by the table itself, whichever program writes a listing or changes its name.
DO $make$
BEGIN
    -- With the rights of the role that migrates: a program that may write listings need not know of `listed_models`.
    EXECUTE format($function$
        CREATE FUNCTION note_listed_models() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp AS $body$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO listed_models (year, make, model)
                SELECT DISTINCT year, lower(make), lower(model) FROM added
                WHERE NOT EXISTS (SELECT FROM listed_models AS known
                                  WHERE known.year = added.year AND known.make = lower(added.make) AND known.model = lower(added.model))
                  AND year IS NOT NULL AND make IS NOT NULL AND model IS NOT NULL
                ORDER BY 1, 2, 3
                ON CONFLICT DO NOTHING;
            ELSE
                INSERT INTO listed_models (year, make, model) VALUES (NEW.year, lower(NEW.make), lower(NEW.model))
                ON CONFLICT DO NOTHING;
            END IF;
            RETURN NULL;
        END
        $body$
    $function$, current_schema());
END
$make$;
CREATE TRIGGER listed_models_of_new AFTER INSERT ON competitor_inventory
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_listed_models();
CREATE TRIGGER listed_models_of_changed AFTER UPDATE OF year, make, model ON competitor_inventory
    FOR EACH ROW WHEN (NEW.year IS NOT NULL AND NEW.make IS NOT NULL AND NEW.model IS NOT NULL
                       AND (NEW.year, NEW.make, NEW.model) IS DISTINCT FROM (OLD.year, OLD.make, OLD.model))
    EXECUTE FUNCTION note_listed_models();
-- What was written or repaired since the table was filled.
INSERT INTO listed_models (year, make, model)
SELECT DISTINCT year, lower(make), lower(model) FROM competitor_inventory
WHERE year IS NOT NULL AND make IS NOT NULL AND model IS NOT NULL
ON CONFLICT DO NOTHING;
