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
    updated_at           timestamptz
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
    unconfirmed_price numeric(10, 2)
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
    created_at   timestamptz
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
    new_listings      integer NOT NULL DEFAULT 0,
    updated           integer NOT NULL DEFAULT 0,
    price_changes     integer NOT NULL DEFAULT 0,
    sold              integer NOT NULL DEFAULT 0,
    relisted          integer NOT NULL DEFAULT 0,
    refused           integer NOT NULL DEFAULT 0,
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
