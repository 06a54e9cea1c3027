-- Everything jpauto keeps, on SQLite: the same tables, columns and indexes as in migrations/postgres.
--
-- SQLite has neither lengths nor exact decimals nor instants, so the checks hold what the types hold on PostgreSQL:
-- ids are 16 bytes, instants RFC 3339 in UTC with six places (which sort as text), money and averages whole hundredths,
-- documents JSON, booleans 0 or 1. What PostgreSQL refuses is refused here too.

CREATE TABLE users (
    id             BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email          TEXT NOT NULL UNIQUE CHECK (length(email) <= 255),
    name           TEXT NOT NULL CHECK (length(name) <= 255),
    oauth_provider TEXT NOT NULL CHECK (length(oauth_provider) <= 50),
    oauth_id       TEXT NOT NULL CHECK (length(oauth_id) <= 255),
    role           TEXT DEFAULT 'viewer' CHECK (role IN ('admin', 'manager', 'viewer')),
    avatar_url     TEXT,
    last_login     TEXT CHECK (last_login GLOB '????-??-??T??:??:??.??????Z'),
    is_active      INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at     TEXT CHECK (created_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE pending_submissions (
    id                BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    submission_status TEXT DEFAULT 'pending' CHECK (submission_status IN ('pending', 'approved', 'rejected')),
    submitted_at      TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) CHECK (submitted_at GLOB '????-??-??T??:??:??.??????Z'),
    reviewed_at       TEXT CHECK (reviewed_at GLOB '????-??-??T??:??:??.??????Z'),
    reviewed_by       BLOB REFERENCES users (id),
    rejection_reason  TEXT,
    customer_name     TEXT CHECK (length(customer_name) <= 255),
    customer_email    TEXT CHECK (length(customer_email) <= 255),
    customer_phone    TEXT CHECK (length(customer_phone) <= 50),
    year              INTEGER NOT NULL,
    make              TEXT NOT NULL CHECK (length(make) <= 100),
    model             TEXT NOT NULL CHECK (length(model) <= 100),
    trim              TEXT CHECK (length(trim) <= 100),
    vin               TEXT UNIQUE CHECK (length(vin) <= 17),
    mileage           INTEGER,
    asking_price      INTEGER CHECK (asking_price BETWEEN -9999999999 AND 9999999999),
    exterior_color    TEXT CHECK (length(exterior_color) <= 100),
    interior_color    TEXT CHECK (length(interior_color) <= 100),
    transmission      TEXT CHECK (length(transmission) <= 50),
    fuel_type         TEXT CHECK (length(fuel_type) <= 50),
    condition         TEXT CHECK (length(condition) <= 50),
    images            TEXT CHECK (images IS NULL OR json_valid(images)),
    additional_notes  TEXT,
    created_at        TEXT CHECK (created_at GLOB '????-??-??T??:??:??.??????Z'),
    updated_at        TEXT CHECK (updated_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE inventory (
    id                   BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    status               TEXT DEFAULT 'available' CHECK (status IN ('available', 'sold', 'pending', 'hold')),
    featured             INTEGER DEFAULT 0 CHECK (featured IN (0, 1)),
    year                 INTEGER NOT NULL,
    make                 TEXT NOT NULL CHECK (length(make) <= 100),
    model                TEXT NOT NULL CHECK (length(model) <= 100),
    trim                 TEXT CHECK (length(trim) <= 100),
    vin                  TEXT NOT NULL UNIQUE CHECK (length(vin) <= 17),
    stock_number         TEXT UNIQUE CHECK (length(stock_number) <= 50),
    price                INTEGER NOT NULL CHECK (price BETWEEN -9999999999 AND 9999999999),
    cost                 INTEGER CHECK (cost BETWEEN -9999999999 AND 9999999999),
    msrp                 INTEGER CHECK (msrp BETWEEN -9999999999 AND 9999999999),
    mileage              INTEGER NOT NULL,
    exterior_color       TEXT CHECK (length(exterior_color) <= 100),
    interior_color       TEXT CHECK (length(interior_color) <= 100),
    transmission         TEXT CHECK (length(transmission) <= 50),
    engine               TEXT CHECK (length(engine) <= 100),
    fuel_type            TEXT CHECK (length(fuel_type) <= 50),
    drivetrain           TEXT CHECK (length(drivetrain) <= 50),
    body_style           TEXT CHECK (length(body_style) <= 50),
    doors                INTEGER,
    mpg_city             INTEGER,
    mpg_highway          INTEGER,
    description          TEXT,
    features             TEXT CHECK (features IS NULL OR json_valid(features)),
    images               TEXT CHECK (images IS NULL OR json_valid(images)),
    thumbnail            TEXT CHECK (length(thumbnail) <= 500),
    condition            TEXT CHECK (length(condition) <= 50),
    title_status         TEXT CHECK (length(title_status) <= 50),
    owners               INTEGER,
    accidents            INTEGER,
    service_records      INTEGER CHECK (service_records IN (0, 1)),
    warranty             TEXT,
    carfax_url           TEXT CHECK (length(carfax_url) <= 500),
    autocheck_url        TEXT CHECK (length(autocheck_url) <= 500),
    source_submission_id BLOB REFERENCES pending_submissions (id),
    created_by           BLOB REFERENCES users (id),
    updated_by           BLOB REFERENCES users (id),
    listed_at            TEXT CHECK (listed_at GLOB '????-??-??T??:??:??.??????Z'),
    sold_at              TEXT CHECK (sold_at GLOB '????-??-??T??:??:??.??????Z'),
    created_at           TEXT CHECK (created_at GLOB '????-??-??T??:??:??.??????Z'),
    updated_at           TEXT CHECK (updated_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE market_research_results (
    id                   BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    inventory_id         BLOB UNIQUE REFERENCES inventory (id),
    median_price         INTEGER CHECK (median_price BETWEEN -9999999999 AND 9999999999),
    min_price            INTEGER CHECK (min_price BETWEEN -9999999999 AND 9999999999),
    max_price            INTEGER CHECK (max_price BETWEEN -9999999999 AND 9999999999),
    sample_size          INTEGER,
    comparable_vehicles  TEXT CHECK (comparable_vehicles IS NULL OR json_valid(comparable_vehicles)),
    price_recommendation TEXT CHECK (length(price_recommendation) <= 50),
    last_analyzed_at     TEXT CHECK (last_analyzed_at GLOB '????-??-??T??:??:??.??????Z'),
    data_source          TEXT CHECK (length(data_source) <= 100),
    search_parameters    TEXT CHECK (search_parameters IS NULL OR json_valid(search_parameters)),
    created_at           TEXT CHECK (created_at GLOB '????-??-??T??:??:??.??????Z'),
    updated_at           TEXT CHECK (updated_at GLOB '????-??-??T??:??:??.??????Z'),
    -- The rest of the analysis, and the median that our price is compared with: the columns above have no room for them.
    analysis             TEXT CHECK (analysis IS NULL OR json_valid(analysis)),
    adjusted_median      INTEGER CHECK (adjusted_median BETWEEN -9999999999 AND 9999999999)
) STRICT;

CREATE TABLE market_price_history (
    id                  BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    inventory_id        BLOB REFERENCES inventory (id),
    our_price           INTEGER NOT NULL CHECK (our_price BETWEEN -9999999999 AND 9999999999),
    median_market_price INTEGER CHECK (median_market_price BETWEEN -9999999999 AND 9999999999),
    min_market_price    INTEGER CHECK (min_market_price BETWEEN -9999999999 AND 9999999999),
    sample_size         INTEGER,
    recorded_at         TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) CHECK (recorded_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE vin_evaluation_cache (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    vin             TEXT NOT NULL UNIQUE CHECK (length(vin) <= 17),
    evaluation_data TEXT CHECK (evaluation_data IS NULL OR json_valid(evaluation_data)),
    source          TEXT CHECK (length(source) <= 50),
    cached_at       TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) CHECK (cached_at GLOB '????-??-??T??:??:??.??????Z'),
    expires_at      TEXT CHECK (expires_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE competitors (
    id                        BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name                      TEXT NOT NULL CHECK (length(name) <= 255),
    website_url               TEXT CHECK (length(website_url) <= 500),
    inventory_url             TEXT NOT NULL CHECK (length(inventory_url) <= 500),
    platform_type             TEXT CHECK (length(platform_type) <= 50),
    scraper_config            TEXT CHECK (scraper_config IS NULL OR json_valid(scraper_config)),
    use_playwright            INTEGER DEFAULT 0 CHECK (use_playwright IN (0, 1)),
    active                    INTEGER DEFAULT 1 CHECK (active IN (0, 1)),
    last_scraped_at           TEXT CHECK (last_scraped_at GLOB '????-??-??T??:??:??.??????Z'),
    last_successful_scrape_at TEXT CHECK (last_successful_scrape_at GLOB '????-??-??T??:??:??.??????Z'),
    scrape_error              TEXT,
    scrape_error_type         TEXT CHECK (length(scrape_error_type) <= 50),
    created_at                TEXT CHECK (created_at GLOB '????-??-??T??:??:??.??????Z'),
    updated_at                TEXT CHECK (updated_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE competitor_inventory (
    id                BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    competitor_id     BLOB NOT NULL REFERENCES competitors (id),
    external_id       TEXT CHECK (length(external_id) <= 255),
    vin               TEXT CHECK (length(vin) <= 17),
    stock_number      TEXT CHECK (length(stock_number) <= 100),
    year              INTEGER,
    make              TEXT CHECK (length(make) <= 100),
    model             TEXT CHECK (length(model) <= 100),
    trim              TEXT CHECK (length(trim) <= 100),
    price             INTEGER CHECK (price BETWEEN -9999999999 AND 9999999999),
    mileage           INTEGER,
    exterior_color    TEXT CHECK (length(exterior_color) <= 100),
    transmission      TEXT CHECK (length(transmission) <= 50),
    fuel_type         TEXT CHECK (length(fuel_type) <= 50),
    body_style        TEXT CHECK (length(body_style) <= 50),
    url               TEXT CHECK (length(url) <= 500),
    image_url         TEXT CHECK (length(image_url) <= 500),
    first_seen_at     TEXT CHECK (first_seen_at GLOB '????-??-??T??:??:??.??????Z'),
    last_seen_at      TEXT CHECK (last_seen_at GLOB '????-??-??T??:??:??.??????Z'),
    is_sold           INTEGER DEFAULT 0 CHECK (is_sold IN (0, 1)),
    sold_at           TEXT CHECK (sold_at GLOB '????-??-??T??:??:??.??????Z'),
    days_on_market    INTEGER,
    raw_data          TEXT CHECK (raw_data IS NULL OR json_valid(raw_data)),
    created_at        TEXT CHECK (created_at GLOB '????-??-??T??:??:??.??????Z'),
    updated_at        TEXT CHECK (updated_at GLOB '????-??-??T??:??:??.??????Z'),
    -- A price that jumped too far to be believed at once: it waits here for a second scrape.
    unconfirmed_price INTEGER CHECK (unconfirmed_price BETWEEN -9999999999 AND 9999999999),
    -- The lowest price ever believed.
    lowest_price      INTEGER CHECK (lowest_price BETWEEN -9999999999 AND 9999999999)
) STRICT;

CREATE TABLE competitor_price_history (
    id                      BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    competitor_inventory_id BLOB REFERENCES competitor_inventory (id),
    price                   INTEGER NOT NULL CHECK (price BETWEEN -9999999999 AND 9999999999),
    min_price               INTEGER CHECK (min_price BETWEEN -9999999999 AND 9999999999),
    mileage                 INTEGER,
    recorded_at             TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) CHECK (recorded_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE competitor_metrics (
    id                 BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    competitor_id      BLOB NOT NULL REFERENCES competitors (id),
    total_inventory    INTEGER DEFAULT 0,
    avg_price          INTEGER CHECK (avg_price BETWEEN -9999999999 AND 9999999999),
    avg_days_on_market INTEGER CHECK (avg_days_on_market BETWEEN -99999 AND 99999),
    vehicles_sold_30d  INTEGER DEFAULT 0,
    price_changes_30d  INTEGER DEFAULT 0,
    new_listings_30d   INTEGER DEFAULT 0,
    calculated_at      TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) CHECK (calculated_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE export_logs (
    id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    platform      TEXT CHECK (length(platform) <= 255),
    vehicle_count INTEGER,
    status        TEXT CHECK (status IN ('success', 'failure')),
    error_message TEXT,
    exported_at   TEXT CHECK (exported_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE activity_logs (
    id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id       BLOB CHECK (length(user_id) = 16),
    action        TEXT CHECK (length(action) <= 255),
    resource_type TEXT CHECK (length(resource_type) <= 255),
    resource_id   BLOB CHECK (length(resource_id) = 16),
    changes       TEXT CHECK (changes IS NULL OR json_valid(changes)),
    ip_address    TEXT CHECK (length(ip_address) <= 255),
    user_agent    TEXT,
    created_at    TEXT CHECK (created_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE TABLE storage_alerts (
    id           BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    alert_type   TEXT CHECK (length(alert_type) <= 255),
    severity     TEXT CHECK (severity IN ('warning', 'critical')),
    message      TEXT,
    metadata     TEXT CHECK (metadata IS NULL OR json_valid(metadata)),
    dismissed    INTEGER CHECK (dismissed IN (0, 1)),
    dismissed_at TEXT CHECK (dismissed_at GLOB '????-??-??T??:??:??.??????Z'),
    created_at   TEXT CHECK (created_at GLOB '????-??-??T??:??:??.??????Z'),
    -- What the alert is about, so that it can be found again and closed: a vehicle or a competitor.
    subject_id   BLOB CHECK (length(subject_id) = 16)
) STRICT;

CREATE TABLE job_history (
    id           BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    job_name     TEXT CHECK (length(job_name) <= 255),
    status       TEXT CHECK (status IN ('running', 'success', 'partial', 'failure')),
    started_at   TEXT CHECK (started_at GLOB '????-??-??T??:??:??.??????Z'),
    completed_at TEXT CHECK (completed_at GLOB '????-??-??T??:??:??.??????Z'),
    duration_ms  INTEGER,
    result       TEXT CHECK (result IS NULL OR json_valid(result)),
    error        TEXT
) STRICT;

-- Shaped as connect-pg-simple's table on PostgreSQL; on SQLite nobody else reads it.
CREATE TABLE session (
    sid    TEXT NOT NULL PRIMARY KEY,
    sess   TEXT NOT NULL CHECK (json_valid(sess)),
    expire TEXT NOT NULL CHECK (expire GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
CREATE INDEX "IDX_session_expire" ON session (expire);

-- One row a scrape. The sold rule counts the complete ones that missed a listing.
-- The same snapshot recorded twice is one scrape: hence the uniqueness.
CREATE TABLE competitor_scrapes (
    id                BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    competitor_id     BLOB NOT NULL REFERENCES competitors (id),
    observed_at       TEXT NOT NULL CHECK (observed_at GLOB '????-??-??T??:??:??.??????Z'),
    complete          INTEGER NOT NULL CHECK (complete IN (0, 1)),
    incomplete_reason TEXT CHECK (length(incomplete_reason) <= 50),
    pages_fetched     INTEGER,
    listings_found    INTEGER NOT NULL,
    total_claimed     INTEGER,
    vehicles          INTEGER NOT NULL DEFAULT 0,
    new_listings      INTEGER NOT NULL DEFAULT 0,
    seen_again        INTEGER NOT NULL DEFAULT 0,
    updated           INTEGER NOT NULL DEFAULT 0,
    price_changes     INTEGER NOT NULL DEFAULT 0,
    sold              INTEGER NOT NULL DEFAULT 0,
    relisted          INTEGER NOT NULL DEFAULT 0,
    duplicates        INTEGER NOT NULL DEFAULT 0,
    refused           INTEGER NOT NULL DEFAULT 0,
    absences          INTEGER NOT NULL DEFAULT 0,
    returns           INTEGER NOT NULL DEFAULT 0,
    error             TEXT,
    error_type        TEXT CHECK (length(error_type) <= 50),
    recorded_at       TEXT NOT NULL CHECK (recorded_at GLOB '????-??-??T??:??:??.??????Z'),
    UNIQUE (competitor_id, observed_at)
) STRICT;

-- Whoever holds the row of a job until it expires may run the job; nobody else does.
CREATE TABLE job_leases (
    job_name    TEXT NOT NULL PRIMARY KEY CHECK (length(job_name) <= 100),
    holder      TEXT NOT NULL CHECK (length(holder) <= 255),
    acquired_at TEXT NOT NULL CHECK (acquired_at GLOB '????-??-??T??:??:??.??????Z'),
    expires_at  TEXT NOT NULL CHECK (expires_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

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
