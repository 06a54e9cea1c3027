-- What outside decoders said of VINs, each answer until its time: one row a VIN.
CREATE TABLE vin_decodes (
    vin        TEXT NOT NULL PRIMARY KEY CHECK (length(vin) <= 17),
    source     TEXT NOT NULL CHECK (length(source) <= 50),
    decoded    TEXT NOT NULL CHECK (json_valid(decoded)),
    decoded_at TEXT NOT NULL CHECK (decoded_at GLOB '????-??-??T??:??:??.??????Z'),
    expires_at TEXT NOT NULL CHECK (expires_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
CREATE INDEX vin_decodes_expires_at_idx ON vin_decodes (expires_at);

-- A VIN that nobody decodes is known by listings of its kind, whose first eight characters are the same.
CREATE INDEX competitor_inventory_kind_idx ON competitor_inventory (substr(vin, 1, 8));
