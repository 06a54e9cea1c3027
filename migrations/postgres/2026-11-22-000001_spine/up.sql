-- Everything jpauto keeps, on PostgreSQL: the tables of the schema document, then two of our own (competitor_scrapes,
-- job_leases), then the indexes.
--
-- The file also adopts a database in which another program has made some of the tables already. Then the statements below
-- run in this session's temporary schema, where they make an empty model of every table, and the block at the end changes the
-- real tables to match the model: it adds, widens and converts without loss, keeps each row and each unknown column, and
-- leaves alone whatever is right under another name. Whatever it cannot do it refuses by name, and nothing is done.
-- Running the file again changes nothing. All of it happens in the first schema of search_path, and in one transaction; the
-- role must own the tables it adopts and be allowed temporary ones.

DO $choose_where_to_build$
DECLARE
    tables CONSTANT text[] := ARRAY[
        'users', 'pending_submissions', 'inventory', 'market_research_results', 'market_price_history', 'vin_evaluation_cache',
        'competitors', 'competitor_inventory', 'competitor_price_history', 'competitor_metrics', 'export_logs', 'activity_logs',
        'storage_alerts', 'job_history', 'session', 'competitor_scrapes', 'job_leases'];
BEGIN
    PERFORM set_config('jpauto.tables', array_to_string(tables, ','), true),
            set_config('jpauto.schema', current_schema(), true),
            set_config('jpauto.search_path', current_setting('search_path'), true);
    IF EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY (tables)) THEN
        PERFORM set_config('search_path', 'pg_temp', true);
    END IF;
END
$choose_where_to_build$;

CREATE TABLE users (
    id             uuid PRIMARY KEY,
    email          varchar(255) NOT NULL UNIQUE,
    name           varchar(255) NOT NULL,
    oauth_provider varchar(50) NOT NULL,
    oauth_id       varchar(255) NOT NULL,
    role           varchar(20) DEFAULT 'viewer' CHECK (role IN ('admin', 'manager', 'viewer')),
    avatar_url     text,
    last_login     timestamptz,
    is_active      boolean DEFAULT true,
    created_at     timestamptz
);

CREATE TABLE pending_submissions (
    id                uuid PRIMARY KEY,
    submission_status varchar(20) DEFAULT 'pending' CHECK (submission_status IN ('pending', 'approved', 'rejected')),
    submitted_at      timestamptz DEFAULT now(),
    reviewed_at       timestamptz,
    reviewed_by       uuid REFERENCES users (id),
    rejection_reason  text,
    customer_name     varchar(255),
    customer_email    varchar(255),
    customer_phone    varchar(50),
    year              integer NOT NULL,
    make              varchar(100) NOT NULL,
    model             varchar(100) NOT NULL,
    trim              varchar(100),
    vin               varchar(17) UNIQUE,
    mileage           integer,
    asking_price      numeric(10, 2),
    exterior_color    varchar(100),
    interior_color    varchar(100),
    transmission      varchar(50),
    fuel_type         varchar(50),
    condition         varchar(50),
    images            jsonb,
    additional_notes  text,
    created_at        timestamptz,
    updated_at        timestamptz
);

CREATE TABLE inventory (
    id                   uuid PRIMARY KEY,
    status               varchar(20) DEFAULT 'available' CHECK (status IN ('available', 'sold', 'pending', 'hold')),
    featured             boolean DEFAULT false,
    year                 integer NOT NULL,
    make                 varchar(100) NOT NULL,
    model                varchar(100) NOT NULL,
    trim                 varchar(100),
    vin                  varchar(17) NOT NULL UNIQUE,
    stock_number         varchar(50) UNIQUE,
    price                numeric(10, 2) NOT NULL,
    cost                 numeric(10, 2),
    msrp                 numeric(10, 2),
    mileage              integer NOT NULL,
    exterior_color       varchar(100),
    interior_color       varchar(100),
    transmission         varchar(50),
    engine               varchar(100),
    fuel_type            varchar(50),
    drivetrain           varchar(50),
    body_style           varchar(50),
    doors                integer,
    mpg_city             integer,
    mpg_highway          integer,
    description          text,
    features             jsonb,
    images               jsonb,
    thumbnail            varchar(500),
    condition            varchar(50),
    title_status         varchar(50),
    owners               integer,
    accidents            integer,
    service_records      boolean,
    warranty             text,
    carfax_url           varchar(500),
    autocheck_url        varchar(500),
    source_submission_id uuid REFERENCES pending_submissions (id),
    created_by           uuid REFERENCES users (id),
    updated_by           uuid REFERENCES users (id),
    listed_at            timestamptz,
    sold_at              timestamptz,
    created_at           timestamptz,
    updated_at           timestamptz
);

CREATE TABLE market_research_results (
    id                   uuid PRIMARY KEY,
    inventory_id         uuid UNIQUE REFERENCES inventory (id),
    median_price         numeric(10, 2),
    min_price            numeric(10, 2),
    max_price            numeric(10, 2),
    sample_size          integer,
    comparable_vehicles  jsonb,
    price_recommendation varchar(50),
    last_analyzed_at     timestamptz,
    data_source          varchar(100),
    search_parameters    jsonb,
    created_at           timestamptz,
    updated_at           timestamptz,
    -- The rest of the analysis, and the median that our price is compared with: the columns above have no room for them.
    analysis             jsonb,
    adjusted_median      numeric(10, 2)
);

CREATE TABLE market_price_history (
    id                  uuid PRIMARY KEY,
    inventory_id        uuid REFERENCES inventory (id),
    our_price           numeric(10, 2) NOT NULL,
    median_market_price numeric(10, 2),
    min_market_price    numeric(10, 2),
    sample_size         integer,
    recorded_at         timestamptz DEFAULT now()
);

CREATE TABLE vin_evaluation_cache (
    id              uuid PRIMARY KEY,
    vin             varchar(17) NOT NULL UNIQUE,
    evaluation_data jsonb,
    source          varchar(50),
    cached_at       timestamptz DEFAULT now(),
    expires_at      timestamptz
);

CREATE TABLE competitors (
    id                        uuid PRIMARY KEY,
    name                      varchar(255) NOT NULL,
    website_url               varchar(500),
    inventory_url             varchar(500) NOT NULL,
    platform_type             varchar(50),
    scraper_config            jsonb,
    use_playwright            boolean DEFAULT false,
    active                    boolean DEFAULT true,
    last_scraped_at           timestamptz,
    last_successful_scrape_at timestamptz,
    scrape_error              text,
    scrape_error_type         varchar(50),
    created_at                timestamptz,
    updated_at                timestamptz
);

CREATE TABLE competitor_inventory (
    id                uuid PRIMARY KEY,
    competitor_id     uuid NOT NULL REFERENCES competitors (id),
    external_id       varchar(255),
    vin               varchar(17),
    stock_number      varchar(100),
    year              integer,
    make              varchar(100),
    model             varchar(100),
    trim              varchar(100),
    price             numeric(10, 2),
    mileage           integer,
    exterior_color    varchar(100),
    transmission      varchar(50),
    fuel_type         varchar(50),
    body_style        varchar(50),
    url               varchar(500),
    image_url         varchar(500),
    first_seen_at     timestamptz,
    last_seen_at      timestamptz,
    is_sold           boolean DEFAULT false,
    sold_at           timestamptz,
    days_on_market    integer,
    raw_data          jsonb,
    created_at        timestamptz,
    updated_at        timestamptz,
    -- A price that jumped too far to be believed at once: it waits here for a second scrape.
    unconfirmed_price numeric(10, 2),
    -- The lowest price ever believed.
    lowest_price      numeric(10, 2)
);

CREATE TABLE competitor_price_history (
    id                      uuid PRIMARY KEY,
    competitor_inventory_id uuid REFERENCES competitor_inventory (id),
    price                   numeric(10, 2) NOT NULL,
    min_price               numeric(10, 2),
    mileage                 integer,
    recorded_at             timestamptz DEFAULT now()
);

CREATE TABLE competitor_metrics (
    id                 uuid PRIMARY KEY,
    competitor_id      uuid NOT NULL REFERENCES competitors (id),
    total_inventory    integer DEFAULT 0,
    avg_price          numeric(10, 2),
    avg_days_on_market numeric(5, 2),
    vehicles_sold_30d  integer DEFAULT 0,
    price_changes_30d  integer DEFAULT 0,
    new_listings_30d   integer DEFAULT 0,
    calculated_at      timestamptz DEFAULT now()
);

CREATE TABLE export_logs (
    id            uuid PRIMARY KEY,
    platform      varchar(255),
    vehicle_count integer,
    status        varchar(255) CHECK (status IN ('success', 'failure')),
    error_message text,
    exported_at   timestamptz
);

CREATE TABLE activity_logs (
    id            uuid PRIMARY KEY,
    user_id       uuid,
    action        varchar(255),
    resource_type varchar(255),
    resource_id   uuid,
    changes       jsonb,
    ip_address    varchar(255),
    user_agent    text,
    created_at    timestamptz
);

CREATE TABLE storage_alerts (
    id           uuid PRIMARY KEY,
    alert_type   varchar(255),
    severity     varchar(255) CHECK (severity IN ('warning', 'critical')),
    message      text,
    metadata     jsonb,
    dismissed    boolean,
    dismissed_at timestamptz,
    created_at   timestamptz,
    -- What the alert is about, so that it can be found again and closed: a vehicle or a competitor.
    subject_id   uuid
);

CREATE TABLE job_history (
    id           uuid PRIMARY KEY,
    job_name     varchar(255),
    status       varchar(255) CHECK (status IN ('running', 'success', 'partial', 'failure')),
    started_at   timestamptz,
    completed_at timestamptz,
    duration_ms  integer,
    result       jsonb,
    error        text
);

-- connect-pg-simple makes this table and shares it with us, so each type, name and precision is its own.
CREATE TABLE session (
    sid    varchar COLLATE "default" NOT NULL CONSTRAINT session_pkey PRIMARY KEY,
    sess   json NOT NULL,
    expire timestamp(6) NOT NULL
);
CREATE INDEX "IDX_session_expire" ON session (expire);

-- One row a scrape. The sold rule counts the complete ones that missed a listing.
-- The same snapshot recorded twice is one scrape: hence the uniqueness.
CREATE TABLE competitor_scrapes (
    id                uuid PRIMARY KEY,
    competitor_id     uuid NOT NULL REFERENCES competitors (id),
    observed_at       timestamptz NOT NULL,
    complete          boolean NOT NULL,
    incomplete_reason varchar(50),
    pages_fetched     integer,
    listings_found    integer NOT NULL,
    total_claimed     integer,
    vehicles          integer NOT NULL DEFAULT 0,
    new_listings      integer NOT NULL DEFAULT 0,
    seen_again        integer NOT NULL DEFAULT 0,
    updated           integer NOT NULL DEFAULT 0,
    price_changes     integer NOT NULL DEFAULT 0,
    sold              integer NOT NULL DEFAULT 0,
    relisted          integer NOT NULL DEFAULT 0,
    duplicates        integer NOT NULL DEFAULT 0,
    refused           integer NOT NULL DEFAULT 0,
    absences          integer NOT NULL DEFAULT 0,
    returns           integer NOT NULL DEFAULT 0,
    error             text,
    error_type        varchar(50),
    recorded_at       timestamptz NOT NULL,
    UNIQUE (competitor_id, observed_at)
);

-- Whoever holds the row of a job until it expires may run the job; nobody else does.
CREATE TABLE job_leases (
    job_name    varchar(100) PRIMARY KEY,
    holder      varchar(255) NOT NULL,
    acquired_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);

-- The indexes that the contract names.
CREATE INDEX market_price_history_inventory_id_recorded_at_idx ON market_price_history (inventory_id, recorded_at);
CREATE INDEX vin_evaluation_cache_expires_at_idx ON vin_evaluation_cache (expires_at);
CREATE INDEX competitor_inventory_competitor_id_vin_idx ON competitor_inventory (competitor_id, vin);
CREATE INDEX competitor_inventory_competitor_id_is_sold_idx ON competitor_inventory (competitor_id, is_sold);
CREATE INDEX competitor_price_history_listing_recorded_at_idx ON competitor_price_history (competitor_inventory_id, recorded_at);
CREATE INDEX competitor_metrics_competitor_id_calculated_at_idx ON competitor_metrics (competitor_id, calculated_at);

-- The lists of the desk, newest first.
CREATE INDEX pending_submissions_status_submitted_at_idx ON pending_submissions (submission_status, submitted_at);
CREATE INDEX inventory_status_listed_at_idx ON inventory (status, listed_at);
CREATE INDEX inventory_source_submission_id_idx ON inventory (source_submission_id);
CREATE INDEX export_logs_platform_exported_at_idx ON export_logs (platform, exported_at);
CREATE INDEX job_history_job_name_started_at_idx ON job_history (job_name, started_at);
CREATE INDEX storage_alerts_open_idx ON storage_alerts (alert_type, created_at) WHERE dismissed IS NOT TRUE;
CREATE INDEX storage_alerts_subject_id_alert_type_idx ON storage_alerts (subject_id, alert_type);

-- Sign-in finds a user by what the provider calls them.
CREATE INDEX users_oauth_idx ON users (oauth_provider, oauth_id);

-- What happened, to what, by whom, and how often from one address (the limit on public submissions).
CREATE INDEX activity_logs_created_at_idx ON activity_logs (created_at);
CREATE INDEX activity_logs_resource_idx ON activity_logs (resource_type, resource_id, created_at);
CREATE INDEX activity_logs_user_id_created_at_idx ON activity_logs (user_id, created_at);
CREATE INDEX activity_logs_ip_address_created_at_idx ON activity_logs (ip_address, created_at);

-- A sighting finds its listing by VIN, external id or stock number; an analysis finds comparables of one year, make and model
-- at all competitors.
CREATE INDEX competitor_inventory_competitor_id_external_id_idx ON competitor_inventory (competitor_id, external_id);
CREATE INDEX competitor_inventory_competitor_id_stock_number_idx ON competitor_inventory (competitor_id, stock_number);
CREATE INDEX competitor_inventory_vin_idx ON competitor_inventory (vin);
CREATE INDEX competitor_inventory_comparables_idx ON competitor_inventory (year, lower(make), lower(model), is_sold);

DO $adopt$
DECLARE
    target CONSTANT text := current_setting('jpauto.schema');
    tables CONSTANT text[] := string_to_array(current_setting('jpauto.tables'), ',');
    model  CONSTANT oid := pg_my_temp_schema();
    -- The same check is printed with other casts and parentheses each time it is written down anew.
    casts  CONSTANT text := '::(character varying|text)(\[\])?|[() ]| NOT VALID$';
    wanted record;
    existing record;
    detail text;
    rows_at_fault text;
    what_to_do text;
    candidate record;
    count_at_fault integer;
    failure text;
    failure_code text;
BEGIN
    IF current_setting('search_path') <> 'pg_temp' THEN
        RETURN;
    END IF;
    -- With pg_temp last, a plain name means the real table, and the model's own names come out of the catalog qualified.
    PERFORM set_config('search_path', format('%I, pg_temp', target), true);

    -- A column that is there under another spelling would be made anew, and empty. Only the times of a row are carried over.
    SELECT string_agg(format('%s."%s" (expected %s)', c.relname, twin.attname, m.attname), ', ' ORDER BY c.oid, m.attnum)
    INTO detail
    FROM pg_class c
    JOIN pg_attribute m ON m.attrelid = c.oid AND m.attnum > 0
    JOIN pg_attribute twin ON twin.attrelid = to_regclass(format('%I.%I', target, c.relname)) AND twin.attnum > 0
         AND NOT twin.attisdropped AND twin.attname <> m.attname
         AND replace(lower(twin.attname), '_', '') = replace(m.attname, '_', '')
    WHERE c.relnamespace = model AND c.relname = ANY (tables)
      AND NOT EXISTS (SELECT FROM pg_attribute a
                      WHERE a.attrelid = twin.attrelid AND a.attname = m.attname AND NOT a.attisdropped)
    HAVING bool_or(m.attname NOT IN ('created_at', 'updated_at'));
    IF detail IS NOT NULL THEN
        RAISE EXCEPTION 'these columns are named otherwise: %. Rename them first: ALTER TABLE ... RENAME "oldName" TO new_name',
            detail;
    END IF;

    FOR wanted IN SELECT relname FROM pg_class WHERE relnamespace = model AND relname = ANY (tables) ORDER BY oid LOOP
        IF to_regclass(format('%I.%I', target, wanted.relname)) IS NULL THEN
            EXECUTE format('CREATE TABLE %I.%I ()', target, wanted.relname);
        END IF;
    END LOOP;

    -- Columns: add what is missing; convert what has another type; then defaults and nulls.
    FOR wanted IN
        SELECT c.relname AS tab, a.attname AS col, a.atttypid AS type_id, a.atttypmod AS modifier, a.attnotnull AS required,
               format_type(a.atttypid, a.atttypmod) AS type, pg_get_expr(d.adbin, d.adrelid) AS fallback
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = model AND c.relname = ANY (tables)
        ORDER BY c.oid, a.attnum
    LOOP
        SELECT a.atttypid AS type_id, a.atttypmod AS modifier, a.attnotnull AS required, t.typtype = 'e' AS is_enum,
               format_type(a.atttypid, a.atttypmod) AS type, pg_get_expr(d.adbin, d.adrelid) AS fallback
        INTO existing
        FROM pg_attribute a
        JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = format('%I.%I', target, wanted.tab)::regclass AND a.attname = wanted.col AND NOT a.attisdropped;

        IF NOT FOUND THEN
            IF wanted.required AND wanted.fallback IS NULL THEN
                EXECUTE format('SELECT CASE WHEN EXISTS (SELECT FROM %I) THEN ''rows'' END', wanted.tab) INTO detail;
                IF detail IS NOT NULL THEN
                    RAISE EXCEPTION 'cannot adopt the table %: it has rows and no column %. Add the column and fill it first',
                        wanted.tab, wanted.col;
                END IF;
            END IF;
            -- Old rows take a constant default, but not the time of the migration for a time that nobody wrote down.
            EXECUTE format('ALTER TABLE %I ADD COLUMN %I %s %s %s', wanted.tab, wanted.col, wanted.type,
                CASE WHEN wanted.fallback <> 'now()' THEN 'DEFAULT ' || wanted.fallback END,
                CASE WHEN wanted.required THEN 'NOT NULL' END);
            IF wanted.fallback = 'now()' THEN
                EXECUTE format('ALTER TABLE %I ALTER %I SET DEFAULT now()', wanted.tab, wanted.col);
            END IF;
            CONTINUE;
        END IF;

        -- Up to three rows, for whoever has to correct them; the table's `id` where there is one.
        rows_at_fault := NULL;
        detail := CASE WHEN EXISTS (SELECT FROM pg_attribute a
                                    WHERE a.attrelid = format('%I.%I', target, wanted.tab)::regclass AND a.attname = 'id')
                       THEN 'id' ELSE 'ctid' END;
        BEGIN
            IF existing.is_enum THEN
                -- The default is a value of the enum: it has to go before the type can.
                IF existing.fallback IS NOT NULL THEN
                    EXECUTE format('SELECT (%s)::text', existing.fallback) INTO existing.fallback;
                    EXECUTE format('ALTER TABLE %I ALTER %I DROP DEFAULT', wanted.tab, wanted.col);
                END IF;
                EXECUTE format('ALTER TABLE %I ALTER %I TYPE %s USING %2$I::text', wanted.tab, wanted.col, wanted.type);
                IF existing.fallback IS NOT NULL THEN
                    EXECUTE format('ALTER TABLE %I ALTER %I SET DEFAULT %L', wanted.tab, wanted.col, existing.fallback);
                END IF;
            ELSIF wanted.type_id = 'timestamptz'::regtype AND existing.type_id IN ('timestamp'::regtype, 'date'::regtype) THEN
                -- The old application wrote UTC.
                EXECUTE format('ALTER TABLE %I ALTER %I TYPE %s USING %2$I::timestamp AT TIME ZONE ''UTC''',
                    wanted.tab, wanted.col, wanted.type);
            ELSIF wanted.type_id <> existing.type_id AND wanted.type_id IN ('json'::regtype, 'jsonb'::regtype)
                  AND existing.type_id IN ('json'::regtype, 'jsonb'::regtype) THEN
                EXECUTE format('ALTER TABLE %I ALTER %I TYPE %s USING %2$I::%3$s', wanted.tab, wanted.col, wanted.type);
            ELSIF (wanted.type_id = 'varchar'::regtype AND existing.type_id IN ('varchar'::regtype, 'text'::regtype)
                   AND (existing.modifier = -1 OR existing.modifier >= wanted.modifier AND wanted.modifier <> -1))
                  OR (wanted.type_id = 'timestamp'::regtype AND existing.type_id = 'timestamp'::regtype) THEN
                NULL; -- It holds at least what the model holds.
            ELSIF wanted.type <> existing.type THEN
                EXECUTE format('SELECT string_agg(key, '', '')
                                FROM (SELECT %I::text AS key FROM %I WHERE %I::%s::%s IS DISTINCT FROM %3$I
                                      ORDER BY 1 LIMIT 3) AS first',
                    detail, wanted.tab, wanted.col, wanted.type, existing.type) INTO rows_at_fault;
                IF rows_at_fault IS NOT NULL THEN
                    RAISE EXCEPTION 'some values of type % do not fit the type %', existing.type, wanted.type;
                END IF;
                EXECUTE format('ALTER TABLE %I ALTER %I TYPE %s USING %2$I::%3$s', wanted.tab, wanted.col, wanted.type);
            END IF;

            IF wanted.fallback IS DISTINCT FROM existing.fallback AND wanted.fallback IS NOT NULL THEN
                EXECUTE format('ALTER TABLE %I ALTER %I SET DEFAULT %s', wanted.tab, wanted.col, wanted.fallback);
            END IF;
            IF wanted.required AND NOT existing.required THEN
                EXECUTE format('ALTER TABLE %I ALTER %I SET NOT NULL', wanted.tab, wanted.col);
            ELSIF existing.required AND NOT wanted.required THEN
                EXECUTE format('ALTER TABLE %I ALTER %I DROP NOT NULL', wanted.tab, wanted.col);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            what_to_do := CASE
                WHEN SQLSTATE = '23502' THEN 'Give these rows a value, or delete them'
                WHEN SQLERRM LIKE '%view%' OR SQLERRM LIKE '%rule%' THEN 'Drop the view, migrate, and make the view again'
                WHEN existing.type LIKE '%[]' THEN
                    format('Convert it first: ALTER TABLE %I ALTER %I TYPE jsonb USING to_jsonb(%2$I)', wanted.tab, wanted.col)
                WHEN wanted.type = 'uuid' THEN 'Its ids must be UUIDs: convert the column first, with each that refers to it'
                ELSE 'Correct these values first'
            END;
            failure := SQLERRM;
            failure_code := SQLSTATE;
            IF rows_at_fault IS NULL AND failure_code LIKE '22%' AND existing.type NOT LIKE '%[]' THEN
                -- The statement says which value does not convert, and not where it stands: each is tried until three are found.
                count_at_fault := 0;
                FOR candidate IN EXECUTE format('SELECT %I::text AS key, %I::text AS value FROM %I WHERE %2$I IS NOT NULL ORDER BY 1',
                                                detail, wanted.col, wanted.tab) LOOP
                    BEGIN
                        EXECUTE format('SELECT %L::%s', candidate.value, wanted.type);
                    EXCEPTION WHEN data_exception THEN
                        rows_at_fault := concat_ws(', ', rows_at_fault, candidate.key);
                        count_at_fault := count_at_fault + 1;
                        EXIT WHEN count_at_fault = 3;
                    END;
                END LOOP;
            END IF;
            IF rows_at_fault IS NULL THEN
                EXECUTE format('SELECT string_agg(key, '', '')
                                FROM (SELECT %I::text AS key FROM %I WHERE (%I IS NULL) = %L ORDER BY 1 LIMIT 3) AS first',
                    detail, wanted.tab, wanted.col, failure_code = '23502') INTO rows_at_fault;
            END IF;
            RAISE EXCEPTION 'cannot adopt the column %.% as %: %. %; the first rows: %',
                wanted.tab, wanted.col, wanted.type, failure, what_to_do, coalesce(rows_at_fault, 'none')
                USING ERRCODE = failure_code;
        END;
    END LOOP;

    -- A VIN is kept in upper case and without blanks: what is the same then is one vehicle.
    FOR wanted IN SELECT unnest(ARRAY['pending_submissions', 'inventory']) AS tab LOOP
        EXECUTE format('SELECT string_agg(format(''%%s (%%s)'', id, vin), '', '')
                        FROM (SELECT id, vin FROM %I
                              WHERE upper(btrim(vin)) IN (SELECT upper(btrim(vin)) FROM %1$I WHERE btrim(vin) <> ''''
                                                          GROUP BY 1 HAVING count(*) > 1)
                              ORDER BY upper(btrim(vin)), id LIMIT 3) AS first', wanted.tab) INTO rows_at_fault;
        IF rows_at_fault IS NOT NULL THEN
            RAISE EXCEPTION 'cannot adopt the table %: rows have the same VIN. Correct or delete all but one; the first rows: %',
                wanted.tab, rows_at_fault USING ERRCODE = '23505';
        END IF;
    END LOOP;

    -- A column unknown to jpauto stays, but must not stop an insert that does not name it.
    FOR existing IN
        SELECT c.relname AS tab, a.attname AS col
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = target
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relname = ANY (tables) AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
          AND NOT EXISTS (SELECT FROM pg_attribute m JOIN pg_class mc ON mc.oid = m.attrelid
                          WHERE mc.relnamespace = model AND mc.relname = c.relname AND m.attname = a.attname)
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER %I DROP NOT NULL', existing.tab, existing.col);
    END LOOP;

    -- Keys and uniqueness first, for the references need them; then checks and references.
    FOR wanted IN
        SELECT k.conname AS name, k.contype AS kind, c.relname AS tab, r.relname AS referenced,
               format('%I.%I', target, c.relname)::regclass AS real_table,
               replace(pg_get_constraintdef(k.oid), 'pg_temp.', '') AS definition,
               ARRAY(SELECT a.attname FROM pg_attribute a
                     WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) ORDER BY a.attname) AS cols
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        LEFT JOIN pg_class r ON r.oid = k.confrelid
        WHERE k.connamespace = model AND c.relname = ANY (tables) AND k.contype IN ('p', 'u', 'c', 'f')
        ORDER BY array_position(ARRAY['p', 'u', 'c', 'f'], k.contype::text), k.oid
    LOOP
        -- Is there one that says the same, whatever its name?
        IF wanted.kind IN ('p', 'u') THEN
            PERFORM FROM pg_index i
            WHERE i.indrelid = wanted.real_table AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
              AND (wanted.kind = 'u' OR i.indisprimary)
              AND wanted.cols = ARRAY(SELECT a.attname FROM pg_attribute a
                                      WHERE a.attrelid = i.indrelid
                                        AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]) ORDER BY a.attname);
        ELSIF wanted.kind = 'c' THEN
            PERFORM FROM pg_constraint k
            WHERE k.conrelid = wanted.real_table AND k.contype = 'c'
              AND regexp_replace(pg_get_constraintdef(k.oid), casts, '', 'g') = regexp_replace(wanted.definition, casts, '', 'g');
        ELSE
            PERFORM FROM pg_constraint k
            WHERE k.conrelid = wanted.real_table AND k.contype = 'f'
              AND k.confrelid = format('%I.%I', target, wanted.referenced)::regclass
              AND wanted.cols = ARRAY(SELECT a.attname FROM pg_attribute a
                                      WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) ORDER BY a.attname);
        END IF;
        IF FOUND THEN
            CONTINUE;
        END IF;

        -- A name that is taken means something else there: then PostgreSQL chooses one.
        IF to_regclass(format('%I.%I', target, wanted.name)) IS NOT NULL
           OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = wanted.real_table AND conname = wanted.name) THEN
            wanted.name := NULL;
        END IF;
        BEGIN
            EXECUTE format('ALTER TABLE %I ADD %s %s %s', wanted.tab, 'CONSTRAINT ' || quote_ident(wanted.name),
                wanted.definition, CASE WHEN wanted.kind IN ('c', 'f') THEN 'NOT VALID' END);
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
            rows_at_fault := NULL;
            what_to_do := 'Correct these rows first';
            IF wanted.kind IN ('p', 'u') AND SQLSTATE = '23505' THEN
                SELECT string_agg(quote_ident(col), ', ') INTO rows_at_fault FROM unnest(wanted.cols) AS col;
                EXECUTE format('SELECT string_agg(key, '', '')
                                FROM (SELECT id::text AS key FROM %I WHERE (%s) IN (SELECT %2$s FROM %1$I
                                                                                    GROUP BY %2$s HAVING count(*) > 1)
                                      ORDER BY %2$s, id LIMIT 3) AS first', wanted.tab, rows_at_fault) INTO rows_at_fault;
                what_to_do := 'Correct or delete all but one';
            END IF;
            RAISE EXCEPTION 'cannot adopt the table %: % does not hold: % %. %; the first rows: %',
                wanted.tab, wanted.definition, SQLERRM, detail, what_to_do, coalesce(rows_at_fault, 'unknown')
                USING ERRCODE = SQLSTATE;
        END;
    END LOOP;

    -- Old rows may break a new check or reference. They are kept: the constraint then holds for new rows alone.
    FOR existing IN
        SELECT c.relname AS tab, k.conname AS name
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = target
        WHERE c.relname = ANY (tables) AND NOT k.convalidated
    LOOP
        BEGIN
            EXECUTE format('ALTER TABLE %I VALIDATE CONSTRAINT %I', existing.tab, existing.name);
        EXCEPTION WHEN check_violation OR foreign_key_violation THEN
            RAISE WARNING 'rows of % break %: they are kept, new rows must obey', existing.tab, existing.name;
        END;
    END LOOP;

    -- Indexes that no constraint has brought.
    FOR wanted IN
        SELECT ic.relname AS name, c.relname AS tab, substring(pg_get_indexdef(i.indexrelid) FROM ' USING (.*)$') AS definition
        FROM pg_index i
        JOIN pg_class ic ON ic.oid = i.indexrelid
        JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = model AND c.relname = ANY (tables)
          AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
        ORDER BY i.indexrelid
    LOOP
        PERFORM FROM pg_index i
        WHERE i.indrelid = format('%I.%I', target, wanted.tab)::regclass AND i.indisvalid
          AND substring(pg_get_indexdef(i.indexrelid) FROM ' USING (.*)$') = wanted.definition;
        IF NOT FOUND THEN
            EXECUTE format('CREATE INDEX %s ON %I USING %s',
                CASE WHEN to_regclass(format('%I.%I', target, wanted.name)) IS NULL THEN quote_ident(wanted.name) END,
                wanted.tab, wanted.definition);
        END IF;
    END LOOP;

    EXECUTE (SELECT 'DROP TABLE ' || string_agg(format('pg_temp.%I', relname), ', ')
             FROM pg_class WHERE relnamespace = model AND relname = ANY (tables));
    PERFORM set_config('search_path', current_setting('jpauto.search_path'), true);
END
$adopt$;
