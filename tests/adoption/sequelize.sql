-- A database as the old application left it: the schema document's tables in the form Sequelize sends them, its names for
-- indexes, its cascades, its sessions from connect-pg-simple, and a few rows in each. The adoption test runs the migration
-- over it, once as it is and once with each TIMESTAMP WITH TIME ZONE replaced by a plain TIMESTAMP.

CREATE TABLE IF NOT EXISTS "users" (
    "id" UUID,
    "email" VARCHAR(255) NOT NULL UNIQUE,
    "name" VARCHAR(255) NOT NULL,
    "oauth_provider" VARCHAR(50) NOT NULL,
    "oauth_id" VARCHAR(255) NOT NULL,
    "role" VARCHAR(20) DEFAULT 'viewer',
    "avatar_url" TEXT,
    "last_login" TIMESTAMP WITH TIME ZONE,
    "is_active" BOOLEAN DEFAULT true,
    "created_at" TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY ("id")
);
CREATE TABLE IF NOT EXISTS "pending_submissions" (
    "id" UUID,
    "submission_status" VARCHAR(20) DEFAULT 'pending',
    "submitted_at" TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    "reviewed_at" TIMESTAMP WITH TIME ZONE,
    "reviewed_by" UUID REFERENCES "users" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    "rejection_reason" TEXT,
    "customer_name" VARCHAR(255),
    "customer_email" VARCHAR(255),
    "customer_phone" VARCHAR(50),
    "year" INTEGER NOT NULL,
    "make" VARCHAR(100) NOT NULL,
    "model" VARCHAR(100) NOT NULL,
    "trim" VARCHAR(100),
    "vin" VARCHAR(17) UNIQUE,
    "mileage" INTEGER,
    "asking_price" DECIMAL(10,2),
    "exterior_color" VARCHAR(100),
    "interior_color" VARCHAR(100),
    "transmission" VARCHAR(50),
    "fuel_type" VARCHAR(50),
    "condition" VARCHAR(50),
    "images" JSONB,
    "additional_notes" TEXT,
    "created_at" TIMESTAMP WITH TIME ZONE,
    "updated_at" TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY ("id")
);
CREATE TABLE IF NOT EXISTS "inventory" (
    "id" UUID,
    "status" VARCHAR(20) DEFAULT 'available',
    "featured" BOOLEAN DEFAULT false,
    "year" INTEGER NOT NULL,
    "make" VARCHAR(100) NOT NULL,
    "model" VARCHAR(100) NOT NULL,
    "trim" VARCHAR(100),
    "vin" VARCHAR(17) NOT NULL UNIQUE,
    "stock_number" VARCHAR(50) UNIQUE,
    "price" DECIMAL(10,2) NOT NULL,
    "cost" DECIMAL(10,2),
    "msrp" DECIMAL(10,2),
    "mileage" INTEGER NOT NULL,
    "exterior_color" VARCHAR(100),
    "interior_color" VARCHAR(100),
    "transmission" VARCHAR(50),
    "engine" VARCHAR(100),
    "fuel_type" VARCHAR(50),
    "drivetrain" VARCHAR(50),
    "body_style" VARCHAR(50),
    "doors" INTEGER,
    "mpg_city" INTEGER,
    "mpg_highway" INTEGER,
    "description" TEXT,
    "features" JSONB,
    "images" JSONB,
    "thumbnail" VARCHAR(500),
    "condition" VARCHAR(50),
    "title_status" VARCHAR(50),
    "owners" INTEGER,
    "accidents" INTEGER,
    "service_records" BOOLEAN,
    "warranty" TEXT,
    "carfax_url" VARCHAR(500),
    "autocheck_url" VARCHAR(500),
    "source_submission_id" UUID REFERENCES "pending_submissions" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    "created_by" UUID REFERENCES "users" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    "updated_by" UUID REFERENCES "users" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    "listed_at" TIMESTAMP WITH TIME ZONE,
    "sold_at" TIMESTAMP WITH TIME ZONE,
    "created_at" TIMESTAMP WITH TIME ZONE,
    "updated_at" TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY ("id")
);
CREATE TABLE IF NOT EXISTS "market_research_results" (
    "id" UUID,
    "inventory_id" UUID UNIQUE REFERENCES "inventory" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "median_price" DECIMAL(10,2),
    "min_price" DECIMAL(10,2),
    "max_price" DECIMAL(10,2),
    "sample_size" INTEGER,
    "comparable_vehicles" JSONB,
    "price_recommendation" VARCHAR(50),
    "last_analyzed_at" TIMESTAMP WITH TIME ZONE,
    "data_source" VARCHAR(100),
    "search_parameters" JSONB,
    "created_at" TIMESTAMP WITH TIME ZONE,
    "updated_at" TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY ("id")
);
CREATE TABLE IF NOT EXISTS "market_price_history" (
    "id" UUID,
    "inventory_id" UUID REFERENCES "inventory" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "our_price" DECIMAL(10,2) NOT NULL,
    "median_market_price" DECIMAL(10,2),
    "min_market_price" DECIMAL(10,2),
    "sample_size" INTEGER,
    "recorded_at" TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY ("id")
);
CREATE INDEX "market_price_history_inventory_id_recorded_at" ON "market_price_history" ("inventory_id", "recorded_at");
CREATE TABLE IF NOT EXISTS "vin_evaluation_cache" (
    "id" UUID,
    "vin" VARCHAR(17) NOT NULL UNIQUE,
    "evaluation_data" JSONB,
    "source" VARCHAR(50),
    "cached_at" TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY ("id")
);
CREATE INDEX "vin_evaluation_cache_vin" ON "vin_evaluation_cache" ("vin");
CREATE INDEX "vin_evaluation_cache_expires_at" ON "vin_evaluation_cache" ("expires_at");
CREATE TABLE IF NOT EXISTS "competitors" (
    "id" UUID,
    "name" VARCHAR(255) NOT NULL,
    "website_url" VARCHAR(500),
    "inventory_url" VARCHAR(500) NOT NULL,
    "platform_type" VARCHAR(50),
    "scraper_config" JSONB,
    "use_playwright" BOOLEAN DEFAULT false,
    "active" BOOLEAN DEFAULT true,
    "last_scraped_at" TIMESTAMP WITH TIME ZONE,
    "last_successful_scrape_at" TIMESTAMP WITH TIME ZONE,
    "scrape_error" TEXT,
    "scrape_error_type" VARCHAR(50),
    "created_at" TIMESTAMP WITH TIME ZONE,
    "updated_at" TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY ("id")
);
CREATE TABLE IF NOT EXISTS "competitor_inventory" (
    "id" UUID,
    "competitor_id" UUID NOT NULL REFERENCES "competitors" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "external_id" VARCHAR(255),
    "vin" VARCHAR(17),
    "stock_number" VARCHAR(100),
    "year" INTEGER,
    "make" VARCHAR(100),
    "model" VARCHAR(100),
    "trim" VARCHAR(100),
    "price" DECIMAL(10,2),
    "mileage" INTEGER,
    "exterior_color" VARCHAR(100),
    "transmission" VARCHAR(50),
    "fuel_type" VARCHAR(50),
    "body_style" VARCHAR(50),
    "url" VARCHAR(500),
    "image_url" VARCHAR(500),
    "first_seen_at" TIMESTAMP WITH TIME ZONE,
    "last_seen_at" TIMESTAMP WITH TIME ZONE,
    "is_sold" BOOLEAN DEFAULT false,
    "sold_at" TIMESTAMP WITH TIME ZONE,
    "days_on_market" INTEGER,
    "raw_data" JSONB,
    "created_at" TIMESTAMP WITH TIME ZONE,
    "updated_at" TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY ("id")
);
CREATE INDEX "competitor_inventory_competitor_id_vin" ON "competitor_inventory" ("competitor_id", "vin");
CREATE INDEX "competitor_inventory_competitor_id_is_sold" ON "competitor_inventory" ("competitor_id", "is_sold");
CREATE TABLE IF NOT EXISTS "competitor_price_history" (
    "id" UUID,
    "competitor_inventory_id" UUID REFERENCES "competitor_inventory" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "price" DECIMAL(10,2) NOT NULL,
    "min_price" DECIMAL(10,2),
    "mileage" INTEGER,
    "recorded_at" TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY ("id")
);
CREATE INDEX "competitor_price_history_competitor_inventory_id_recorded_at" ON "competitor_price_history" ("competitor_inventory_id", "recorded_at");
CREATE TABLE IF NOT EXISTS "competitor_metrics" (
    "id" UUID,
    "competitor_id" UUID NOT NULL REFERENCES "competitors" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "total_inventory" INTEGER DEFAULT 0,
    "avg_price" DECIMAL(10,2),
    "avg_days_on_market" DECIMAL(5,2),
    "vehicles_sold_30d" INTEGER DEFAULT 0,
    "price_changes_30d" INTEGER DEFAULT 0,
    "new_listings_30d" INTEGER DEFAULT 0,
    "calculated_at" TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY ("id")
);
CREATE INDEX "competitor_metrics_competitor_id_calculated_at" ON "competitor_metrics" ("competitor_id", "calculated_at");
CREATE TABLE IF NOT EXISTS "export_logs" (
    "id" UUID,
    "platform" VARCHAR(255),
    "vehicle_count" INTEGER,
    "status" VARCHAR(255),
    "error_message" TEXT,
    "exported_at" TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY ("id")
);
CREATE TABLE IF NOT EXISTS "activity_logs" (
    "id" UUID,
    "user_id" UUID,
    "action" VARCHAR(255),
    "resource_type" VARCHAR(255),
    "resource_id" UUID,
    "changes" JSONB,
    "ip_address" VARCHAR(255),
    "user_agent" TEXT,
    "created_at" TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY ("id")
);
CREATE TABLE IF NOT EXISTS "storage_alerts" (
    "id" UUID,
    "alert_type" VARCHAR(255),
    "severity" VARCHAR(255),
    "message" TEXT,
    "metadata" JSONB,
    "dismissed" BOOLEAN,
    "dismissed_at" TIMESTAMP WITH TIME ZONE,
    "created_at" TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY ("id")
);
CREATE TABLE IF NOT EXISTS "job_history" (
    "id" UUID,
    "job_name" VARCHAR(255),
    "status" VARCHAR(255),
    "started_at" TIMESTAMP WITH TIME ZONE,
    "completed_at" TIMESTAMP WITH TIME ZONE,
    "duration_ms" INTEGER,
    "result" JSONB,
    "error" TEXT,
    PRIMARY KEY ("id")
);

CREATE TABLE "session" (
    "sid" varchar NOT NULL COLLATE "default",
    "sess" json NOT NULL,
    "expire" timestamp(6) NOT NULL
)
WITH (OIDS=FALSE);
ALTER TABLE "session" ADD CONSTRAINT "session_pkey" PRIMARY KEY ("sid") NOT DEFERRABLE INITIALLY IMMEDIATE;
CREATE INDEX "IDX_session_expire" ON "session" ("expire");

INSERT INTO "users" VALUES
    ('6f9619ff-8b86-4011-b42d-00c04fc964f1', 'ana@example.com', 'Ana Ruiz', 'google', '1001', 'admin', NULL, '2025-10-30 16:05:00.123+00', true, '2025-01-02 09:00:00+00'),
    ('6f9619ff-8b86-4011-b42d-00c04fc964f2', 'bo@example.com', 'Bo Lind', 'microsoft', '1002', 'manager', 'https://example.com/bo.png', NULL, NULL, '2025-01-03 09:00:00+00'),
    ('6f9619ff-8b86-4011-b42d-00c04fc964f3', 'cy@example.com', 'Cy Okoro', 'google', '1003', NULL, NULL, NULL, false, NULL);
INSERT INTO "pending_submissions" ("id", "submission_status", "submitted_at", "reviewed_at", "reviewed_by", "rejection_reason", "customer_name", "customer_email", "year", "make", "model", "vin", "mileage", "asking_price", "images", "created_at", "updated_at") VALUES
    ('11111111-1111-4111-8111-111111111111', 'approved', '2025-09-01 10:00:00+00', '2025-09-02 11:30:00.5+00', '6f9619ff-8b86-4011-b42d-00c04fc964f1', NULL, 'Dee Park', 'dee@example.com', 2019, 'Toyota', 'Camry', '4T1B11HK5KU211111', 48210, 17250.50, '["https://example.com/1.jpg", "https://example.com/2.jpg"]', '2025-09-01 10:00:00+00', '2025-09-02 11:30:00.5+00'),
    ('11111111-1111-4111-8111-111111111112', 'rejected', '2025-09-03 10:00:00+00', '2025-09-03 12:00:00+00', '6f9619ff-8b86-4011-b42d-00c04fc964f2', 'Frame damage', 'Eli Moss', NULL, 2011, 'Ford', 'Focus', NULL, NULL, NULL, NULL, '2025-09-03 10:00:00+00', '2025-09-03 12:00:00+00'),
    ('11111111-1111-4111-8111-111111111113', 'pending', '2025-11-02 09:59:59.999999+00', NULL, NULL, NULL, 'Zoë Nuñez', 'zoe@example.com', 2021, 'Kia', 'Soul', NULL, 0, 0.01, '[]', '2025-11-02 10:00:00+00', '2025-11-02 10:00:00+00');
INSERT INTO "inventory" ("id", "status", "featured", "year", "make", "model", "vin", "stock_number", "price", "cost", "mileage", "features", "images", "service_records", "source_submission_id", "created_by", "updated_by", "listed_at", "sold_at", "created_at", "updated_at") VALUES
    ('22222222-2222-4222-8222-222222222221', 'available', true, 2019, 'Toyota', 'Camry', '4T1B11HK5KU211111', 'KU211111', 18995.00, 15000.00, 48210, '["Bluetooth"]', '["https://example.com/1.jpg"]', true, '11111111-1111-4111-8111-111111111111', '6f9619ff-8b86-4011-b42d-00c04fc964f1', NULL, '2025-09-02 11:30:00.5+00', NULL, '2025-09-02 11:30:00.5+00', '2025-09-02 11:30:00.5+00'),
    ('22222222-2222-4222-8222-222222222222', 'sold', false, 2016, 'Honda', 'Civic', '2HGFC2F59GH500002', NULL, 99999999.99, NULL, 90000, NULL, NULL, NULL, NULL, '6f9619ff-8b86-4011-b42d-00c04fc964f2', '6f9619ff-8b86-4011-b42d-00c04fc964f1', '2025-03-01 08:00:00+00', '2025-04-15 17:00:00+00', '2025-03-01 08:00:00+00', '2025-04-15 17:00:00+00');
INSERT INTO "market_research_results" ("id", "inventory_id", "median_price", "min_price", "max_price", "sample_size", "comparable_vehicles", "price_recommendation", "last_analyzed_at", "data_source", "search_parameters", "created_at", "updated_at") VALUES
    ('33333333-3333-4333-8333-333333333331', '22222222-2222-4222-8222-222222222221', 18500.00, 16000.00, 21000.00, 12, '[{"vin": "4T1B11HK5KU000001", "price": 18500}]', 'competitive', '2025-11-01 00:00:00+00', 'auto.dev', '{"radius": 250}', '2025-10-01 00:00:00+00', '2025-11-01 00:00:00+00');
INSERT INTO "market_price_history" VALUES
    ('44444444-4444-4444-8444-444444444441', '22222222-2222-4222-8222-222222222221', 19495.00, 18600.00, 16000.00, 11, '2025-10-01 00:00:00+00'),
    ('44444444-4444-4444-8444-444444444442', '22222222-2222-4222-8222-222222222221', 18995.00, 18500.00, 16000.00, 12, '2025-11-01 00:00:00+00');
INSERT INTO "vin_evaluation_cache" VALUES
    ('55555555-5555-4555-8555-555555555551', '1HGCM82633A004352', '{"mileage": 60000, "median": 9100.5}', 'auto.dev', '2025-10-20 12:00:00+00', '2025-11-19 12:00:00+00');
INSERT INTO "competitors" ("id", "name", "website_url", "inventory_url", "platform_type", "scraper_config", "use_playwright", "active", "last_scraped_at", "last_successful_scrape_at", "scrape_error", "scrape_error_type", "created_at", "updated_at") VALUES
    ('66666666-6666-4666-8666-666666666661', 'Hilltop Motors', 'https://hilltop.example', 'https://hilltop.example/used', 'DealerOn', '{"max_pages": 5}', false, true, '2025-11-02 02:00:00+00', '2025-11-01 02:00:00+00', 'HTTP 503', 'http_status', '2025-06-01 00:00:00+00', '2025-11-02 02:00:00+00'),
    ('66666666-6666-4666-8666-666666666662', 'Valley Cars', NULL, 'https://valley.example/inventory', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "competitor_inventory" ("id", "competitor_id", "external_id", "vin", "stock_number", "year", "make", "model", "price", "mileage", "url", "first_seen_at", "last_seen_at", "is_sold", "sold_at", "days_on_market", "raw_data", "created_at", "updated_at") VALUES
    ('77777777-7777-4777-8777-777777777771', '66666666-6666-4666-8666-666666666661', 'h-1', '4T1B11HK5KU000001', 'H1', 2019, 'TOYOTA', 'Camry', 18500.00, 51000, 'https://hilltop.example/h-1', '2025-10-01 02:00:00+00', '2025-11-01 02:00:00+00', false, NULL, 31, '{"name": "2019 TOYOTA Camry"}', '2025-10-01 02:00:00+00', '2025-11-01 02:00:00+00'),
    ('77777777-7777-4777-8777-777777777772', '66666666-6666-4666-8666-666666666661', 'h-1b', '4T1B11HK5KU000001', NULL, 2019, 'Toyota', 'Camry', NULL, NULL, NULL, '2025-08-01 02:00:00+00', '2025-08-20 02:00:00+00', true, '2025-08-27 02:00:00+00', 26, NULL, NULL, NULL);
INSERT INTO "competitor_price_history" VALUES
    ('88888888-8888-4888-8888-888888888881', '77777777-7777-4777-8777-777777777771', 18900.00, 18900.00, 50900, '2025-10-01 02:00:00+00'),
    ('88888888-8888-4888-8888-888888888882', '77777777-7777-4777-8777-777777777771', 18500.00, 18500.00, 51000, '2025-10-20 02:00:00+00');
INSERT INTO "competitor_metrics" VALUES
    ('99999999-9999-4999-8999-999999999991', '66666666-6666-4666-8666-666666666661', 1, 18500.00, 26.50, 0, 1, 1, '2025-11-01 02:00:05+00');
INSERT INTO "export_logs" VALUES
    ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa1', 'jekyll', 1, 'success', NULL, '2025-11-01 01:55:00+00'),
    ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa2', 'autotrader', 0, 'failure', 'FTP refused', '2025-11-01 01:56:00+00');
INSERT INTO "activity_logs" VALUES
    ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbb1', '6f9619ff-8b86-4011-b42d-00c04fc964f1', 'approve', 'pending_submissions', '11111111-1111-4111-8111-111111111111', '{"status": "approved"}', '203.0.113.7', 'Mozilla/5.0', '2025-09-02 11:30:00.5+00'),
    ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbb2', 'dddddddd-dddd-4ddd-8ddd-dddddddddddd', 'delete', 'inventory', 'eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee', NULL, '2001:db8::1', NULL, '2025-09-05 00:00:00+00');
INSERT INTO "storage_alerts" VALUES
    ('cccccccc-cccc-4ccc-8ccc-ccccccccccc1', 'storage_limit', 'warning', '82 % of the storage is used', '{"bytes": 8800000000}', false, NULL, '2025-10-10 00:00:00+00'),
    ('cccccccc-cccc-4ccc-8ccc-ccccccccccc2', 'storage_limit', 'critical', '96 % of the storage is used', '{}', true, '2025-10-12 08:00:00+00', '2025-10-11 00:00:00+00');
INSERT INTO "job_history" VALUES
    ('dddddddd-0000-4ddd-8ddd-dddddddddd01', 'storage_check', 'success', '2025-11-01 00:00:00+00', '2025-11-01 00:00:02.25+00', 2250, '{"objects": 512}', NULL),
    ('dddddddd-0000-4ddd-8ddd-dddddddddd02', 'market_research', 'failure', '2025-11-01 00:00:00+00', '2025-11-01 00:01:00+00', 60000, NULL, 'HTTP 429');
INSERT INTO "session" VALUES
    ('Zl0vTq3q7Zt9m0dGx1s5Yw2cBf4hJk6L', '{"cookie":{"originalMaxAge":86400000,"expires":"2025-11-03T10:00:00.000Z","httpOnly":true,"path":"/"},"passport":{"user":"6f9619ff-8b86-4011-b42d-00c04fc964f1"}}', '2025-11-03 10:00:00');
