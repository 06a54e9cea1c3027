-- An older release of the old application: fewer tables and columns, enums where words are now, json where jsonb is, a column
-- that jpauto does not know, narrower and missing constraints, and rows that break a reference and a status word.

CREATE TYPE "enum_users_role" AS ENUM ('admin', 'manager', 'viewer');
CREATE TYPE "enum_inventory_status" AS ENUM ('available', 'sold', 'pending', 'hold');
CREATE TYPE "enum_inventory_body_style" AS ENUM ('sedan', 'suv', 'truck');

CREATE TABLE "users" (
    "id" UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    "email" VARCHAR(100) NOT NULL,
    "name" TEXT NOT NULL,
    "oauth_provider" VARCHAR(50),
    "oauth_id" VARCHAR(255) NOT NULL,
    "role" "enum_users_role" NOT NULL DEFAULT 'manager',
    "last_login" DATE,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX "users_by_email" ON "users" ("email");

CREATE TABLE "inventory" (
    "id" UUID NOT NULL,
    "status" "enum_inventory_status" DEFAULT 'available',
    "year" BIGINT NOT NULL,
    "make" VARCHAR(100) NOT NULL,
    "model" VARCHAR(100) NOT NULL,
    "vin" VARCHAR(17) NOT NULL,
    "price" NUMERIC(12, 2) NOT NULL,
    "mileage" INTEGER NOT NULL,
    "body_style" "enum_inventory_body_style" DEFAULT 'sedan',
    "images" JSON DEFAULT '[]',
    "created_by" UUID,
    "listed_at" TIMESTAMP DEFAULT now(),
    "created_at" TIMESTAMP NOT NULL
);
CREATE INDEX "inventory_status_listed_at_idx" ON "inventory" ("make");

CREATE TABLE "job_history" (
    "id" UUID PRIMARY KEY,
    "job_name" VARCHAR(255),
    "status" VARCHAR(255) CHECK ("status" IN ('running', 'success', 'partial', 'failure')),
    "started_at" TIMESTAMP
);

CREATE TABLE "storage_alerts" (
    "id" UUID PRIMARY KEY,
    "alert_type" VARCHAR(255),
    "severity" VARCHAR(255),
    "metadata" JSON,
    "created_at" TIMESTAMP
);

CREATE TABLE "session" (
    "sid" varchar NOT NULL COLLATE "default" PRIMARY KEY,
    "sess" jsonb NOT NULL,
    "expire" timestamp NOT NULL
);

INSERT INTO "users" VALUES
    ('6f9619ff-8b86-4011-b42d-00c04fc964f1', 'ana@example.com', 'Ana Ruiz', 'google', '1001', 'admin', '2024-10-30', '2024-01-02 09:00:00', '2024-01-02 09:00:00'),
    ('6f9619ff-8b86-4011-b42d-00c04fc964f2', 'bo@example.com', 'Bo Lind', 'google', '1002', DEFAULT, NULL, '2024-03-10 02:30:00', '2024-03-10 02:30:00');
INSERT INTO "inventory" VALUES
    ('22222222-2222-4222-8222-222222222221', 'available', 2019, 'Toyota', 'Camry', '4T1B11HK5KU211111', 18995.00, 48210, 'sedan', '["https://example.com/1.jpg"]', '6f9619ff-8b86-4011-b42d-00c04fc964f1', '2024-09-02 11:30:00.5', '2024-09-02 11:30:00.5'),
    ('22222222-2222-4222-8222-222222222222', 'sold', 2016, 'Honda', 'Civic', '2HGFC2F59GH500002', 9100.10, 90000, NULL, NULL, 'ffffffff-ffff-4fff-8fff-ffffffffffff', NULL, '2024-03-01 08:00:00');
INSERT INTO "job_history" VALUES
    ('dddddddd-0000-4ddd-8ddd-dddddddddd01', 'storage_check', 'success', '2024-11-01 00:00:00');
INSERT INTO "storage_alerts" VALUES
    ('cccccccc-cccc-4ccc-8ccc-ccccccccccc1', 'storage_limit', 'info', '{"bytes": 8800000000}', '2024-10-10 00:00:00');
INSERT INTO "session" VALUES
    ('Zl0vTq3q7Zt9m0dGx1s5Yw2cBf4hJk6L', '{"cookie": {"path": "/"}}', '2025-11-03 10:00:00');
