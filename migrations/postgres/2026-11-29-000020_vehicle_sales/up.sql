-- The sales of vehicles, one row each. The row of a vehicle has its last sale alone, and none once the car is in stock again. A
-- sale goes with its vehicle, also where another program deletes that.
CREATE TABLE vehicle_sales (
    id           uuid PRIMARY KEY,
    inventory_id uuid NOT NULL REFERENCES inventory (id) ON DELETE CASCADE,
    sold_at      timestamptz NOT NULL,
    listed_at    timestamptz,
    price        numeric(10, 2) NOT NULL,
    sale_price   numeric(10, 2)
);
CREATE INDEX vehicle_sales_inventory_id_sold_at_idx ON vehicle_sales (inventory_id, sold_at);
