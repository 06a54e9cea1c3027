-- The sales of vehicles, one row each. The row of a vehicle has its last sale alone, and none once the car is in stock again. A
-- sale goes with its vehicle, also where another program deletes that.
CREATE TABLE vehicle_sales (
    id           BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    inventory_id BLOB NOT NULL REFERENCES inventory (id) ON DELETE CASCADE,
    sold_at      TEXT NOT NULL CHECK (sold_at GLOB '????-??-??T??:??:??.??????Z'),
    listed_at    TEXT CHECK (listed_at GLOB '????-??-??T??:??:??.??????Z'),
    price        INTEGER NOT NULL CHECK (price BETWEEN -9999999999 AND 9999999999),
    sale_price   INTEGER CHECK (sale_price BETWEEN -9999999999 AND 9999999999)
) STRICT;
CREATE INDEX vehicle_sales_inventory_id_sold_at_idx ON vehicle_sales (inventory_id, sold_at);
