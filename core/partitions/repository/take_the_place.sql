-- Lets the copies take the place of the tables, under the same names. All competitors must be copied, and the tables locked.
DO $take_the_place$
DECLARE
    tables CONSTANT text[] := ARRAY['competitor_inventory', 'competitor_price_history', 'competitor_metrics',
                                    'competitor_scrapes', 'competitor_pages'];
    names  CONSTANT jsonb := (SELECT coalesce(jsonb_object_agg('jpauto_next_' || indexrelid, relname), '{}')
                              FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
                              WHERE indrelid = ANY (tables::regclass[]) AND NOT indisprimary);
    tab text;
    wanted record;
BEGIN
    DROP TABLE competitor_inventory, competitor_price_history, competitor_metrics, competitor_scrapes, competitor_pages, competitors__next;
    FOREACH tab IN ARRAY tables LOOP
        EXECUTE format('DROP FUNCTION %I()', tab || '__carry');
        EXECUTE format('ALTER TABLE %I RENAME TO %I', tab || '__next', tab);
        FOR wanted IN SELECT conname AS name FROM pg_constraint WHERE conrelid = tab::regclass AND conname LIKE '%\_\_next%' LOOP
            EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', tab, wanted.name, replace(wanted.name, '__next', ''));
        END LOOP;
    END LOOP;
    FOR wanted IN SELECT key AS name, value #>> '{}' AS wanted FROM jsonb_each(names) LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', wanted.name, wanted.wanted);
    END LOOP;
    CREATE TRIGGER listed_models_of_new AFTER INSERT ON competitor_inventory
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_listed_models();
    CREATE TRIGGER listed_models_of_changed AFTER UPDATE OF year, make, model ON competitor_inventory
        FOR EACH ROW WHEN (NEW.year IS NOT NULL AND NEW.make IS NOT NULL AND NEW.model IS NOT NULL
                           AND (NEW.year, NEW.make, NEW.model) IS DISTINCT FROM (OLD.year, OLD.make, OLD.model))
        EXECUTE FUNCTION note_listed_models();
    -- A partition's key is never null; a whole table finds it for programs that do not know it.
    IF (SELECT relkind FROM pg_class WHERE oid = 'competitor_price_history'::regclass) = 'r' THEN
        CREATE TRIGGER competitor_of_price BEFORE INSERT ON competitor_price_history
            FOR EACH ROW WHEN (NEW.competitor_id IS NULL) EXECUTE FUNCTION competitor_of_price();
    END IF;
END
$take_the_place$
