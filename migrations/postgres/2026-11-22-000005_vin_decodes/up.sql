-- What outside decoders said of VINs, each answer until its time: one row a VIN.
CREATE TABLE vin_decodes (
    vin        varchar(17) PRIMARY KEY,
    source     varchar(50) NOT NULL,
    decoded    jsonb NOT NULL,
    decoded_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX vin_decodes_expires_at_idx ON vin_decodes (expires_at);

-- A VIN that nobody decodes is known by listings of its kind, whose first eight characters are the same.
CREATE INDEX competitor_inventory_kind_idx ON competitor_inventory (substr(vin, 1, 8));
