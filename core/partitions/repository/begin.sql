-- Makes an empty copy of each table of competitors in as many partitions as `jpauto.partitions` says, whole for 0, with triggers
-- that carry changes of copied competitors over.
DO $begin$
DECLARE
    tables     CONSTANT text[] := ARRAY['competitor_inventory', 'competitor_price_history', 'competitor_metrics',
                                        'competitor_scrapes', 'competitor_pages'];
    partitions CONSTANT integer := current_setting('jpauto.partitions')::integer;
    tab text;
    wanted record;
    columns text;
    storage text;
    detail text;
BEGIN
    FOREACH tab IN ARRAY tables LOOP
        EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', tab);
    END LOOP;

    -- What cannot be kept is refused before anything is made.
    SELECT string_agg(conrelid::regclass || ' (' || conname || ')', ', ') INTO detail FROM pg_constraint
    WHERE contype = 'f' AND confrelid = ANY (tables::regclass[]) AND conrelid <> ALL (tables::regclass[]) AND conparentid = 0
      AND conrelid NOT IN (SELECT inhrelid FROM pg_inherits);
    IF detail IS NOT NULL THEN
        RAISE EXCEPTION 'jpauto: tables of another program refer to these: %. Drop the constraints first', detail;
    END IF;
    SELECT string_agg(tgrelid::regclass || ' (' || tgname || ')', ', ') INTO detail FROM pg_trigger
    WHERE tgrelid = ANY (tables::regclass[]) AND NOT tgisinternal 
      AND tgname NOT IN ('competitor_of_price', 'listed_models_of_new', 'listed_models_of_changed');
    IF detail IS NOT NULL THEN
        RAISE EXCEPTION 'jpauto: another program has triggers on these tables: %. Drop them first, and make them again afterwards', detail;
    END IF;
    SELECT string_agg(DISTINCT rule.ev_class::regclass::text, ', ') INTO detail
    FROM pg_depend AS needs JOIN pg_rewrite AS rule ON rule.oid = needs.objid AND needs.classid = 'pg_rewrite'::regclass
    WHERE needs.refobjid = ANY (tables::regclass[]);
    IF detail IS NOT NULL THEN
        RAISE EXCEPTION 'jpauto: views read these tables: %. Drop them first, and make them again afterwards', detail;
    END IF;
    SELECT string_agg(index.indexrelid::regclass::text, ', ') INTO detail
    FROM pg_index AS index
    JOIN pg_attribute AS key ON key.attrelid = index.indrelid AND key.attname = 'competitor_id'
    WHERE index.indrelid = ANY (tables::regclass[]) AND index.indisunique AND NOT index.indisprimary
      AND key.attnum <> ALL (index.indkey::smallint[]);
    IF partitions > 0 AND detail IS NOT NULL THEN
        RAISE EXCEPTION 'jpauto: these unique indexes do not hold competitor_id, so partitions cannot keep them: %', detail;
    END IF;
    IF partitions > 0 AND EXISTS (SELECT FROM competitor_price_history WHERE competitor_id IS NULL) THEN
        RAISE EXCEPTION 'jpauto: some prices of competitor_price_history belong to no listing: delete them first (competitor_id IS NULL)';
    END IF;

    CREATE TABLE competitors__next (competitor_id uuid PRIMARY KEY);
    FOREACH tab IN ARRAY tables LOOP
        -- The room left on each page (fillfactor) and the like: LIKE leaves it out, and only the partitions of a table can have it.
        SELECT format('WITH (%s)', array_to_string(class.reloptions, ', ')) INTO storage FROM pg_class AS class
        WHERE class.reloptions IS NOT NULL AND class.oid = coalesce(
            (SELECT min(inhrelid::oid) FROM pg_inherits WHERE inhparent = tab::regclass), tab::regclass::oid);
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMMENTS, PRIMARY KEY (%s)) %s',
            tab || '__next', tab, CASE WHEN partitions > 0 THEN 'id, competitor_id' ELSE 'id' END,
            CASE WHEN partitions > 0 THEN 'PARTITION BY HASH (competitor_id)' ELSE storage END);
        FOR number IN 0 .. partitions - 1 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s) %s',
                tab || '_' || partitions || '_' || number, tab || '__next', partitions, number, storage);
        END LOOP;
        FOR wanted IN
            SELECT indexrelid AS id, pg_get_indexdef(indexrelid) AS definition, indisunique AS is_unique FROM pg_index
            WHERE indrelid = tab::regclass AND NOT indisprimary
        LOOP
            EXECUTE format('CREATE %s INDEX %I ON %I %s', CASE WHEN wanted.is_unique THEN 'UNIQUE' END,
                'jpauto_next_' || wanted.id, tab || '__next', substr(wanted.definition, strpos(wanted.definition, ' USING ')));
        END LOOP;
        -- The keys into tables that stay, and into the listing beside it.
        FOR wanted IN
            SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint
            WHERE conrelid = tab::regclass AND contype = 'f' AND conparentid = 0 AND confrelid <> ALL (tables::regclass[])
        LOOP
            EXECUTE format('ALTER TABLE %I ADD %s', tab || '__next', wanted.definition);
        END LOOP;
        IF tab = 'competitor_price_history' AND partitions > 0 THEN
            ALTER TABLE competitor_price_history__next ADD CONSTRAINT competitor_price_history__next_listing_fkey
                FOREIGN KEY (competitor_inventory_id, competitor_id) REFERENCES competitor_inventory__next (id, competitor_id);
        ELSIF tab = 'competitor_price_history' THEN
            ALTER TABLE competitor_price_history__next ALTER competitor_id DROP NOT NULL;
            ALTER TABLE competitor_price_history__next ADD FOREIGN KEY (competitor_inventory_id) REFERENCES competitor_inventory__next (id);
        END IF;
        FOR wanted IN
            SELECT CASE right_.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(right_.grantee)) END AS role, right_.privilege_type AS what
            FROM pg_class, aclexplode(relacl) AS right_ WHERE oid = tab::regclass AND right_.grantee <> relowner
        LOOP
            EXECUTE format('GRANT %s ON %I TO %s', wanted.what, tab || '__next', wanted.role);
        END LOOP;

        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns FROM pg_attribute
        WHERE attrelid = tab::regclass AND attnum > 0 AND NOT attisdropped;
        EXECUTE format(
            $function$CREATE FUNCTION %1$I() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                IF TG_OP = 'DELETE' THEN
                    DELETE FROM %2$I WHERE id = OLD.id AND competitor_id = OLD.competitor_id;
                    RETURN NULL;
                END IF;
                -- Copied later, with the rest of its competitor.
                IF NOT EXISTS (SELECT FROM competitors__next WHERE competitor_id = NEW.competitor_id) THEN
                    RETURN NULL;
                END IF;
                UPDATE %2$I SET (%3$s) = (SELECT NEW.*) WHERE id = NEW.id AND competitor_id = NEW.competitor_id;
                IF NOT FOUND THEN
                    INSERT INTO %2$I SELECT NEW.*;
                END IF;
                RETURN NULL;
            END
            $body$$function$, tab || '__carry', tab || '__next', columns);
        EXECUTE format('CREATE TRIGGER carry_over AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION %I()',
            tab, tab || '__carry');
    END LOOP;
END
$begin$
