-- What a statement needs of a listing stands beside it, so that nothing has to look through other dealers' rows.

-- A price stands with its listing. Another program that writes prices need not know of the column.
ALTER TABLE competitor_price_history ADD COLUMN competitor_id uuid;
UPDATE competitor_price_history AS point SET competitor_id = listing.competitor_id
FROM competitor_inventory AS listing WHERE listing.id = point.competitor_inventory_id;
CREATE FUNCTION competitor_of_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT competitor_id INTO NEW.competitor_id FROM competitor_inventory WHERE id = NEW.competitor_inventory_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER competitor_of_price BEFORE INSERT ON competitor_price_history
    FOR EACH ROW WHEN (NEW.competitor_id IS NULL) EXECUTE FUNCTION competitor_of_price();

-- When a sold vehicle was first seen on the lot that it went to. Null where it is no transfer.
ALTER TABLE competitor_inventory ADD COLUMN transferred_at timestamptz;

-- Every year, make and model that was ever listed, in the database's own lower case.
CREATE TABLE listed_models (
    year  integer NOT NULL,
    make  text NOT NULL,
    model text NOT NULL,
    PRIMARY KEY (year, make, model)
);

-- Rows to lock where none is there yet that could be locked.
CREATE TABLE locks (slot integer PRIMARY KEY);
INSERT INTO locks SELECT generate_series(0, 255);
