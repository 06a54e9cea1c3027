-- What a statement needs of a listing stands beside it, so that nothing has to look through other dealers' rows.

-- A price stands with its listing. Another program that writes prices need not know of the column.
ALTER TABLE competitor_price_history ADD COLUMN competitor_id BLOB CHECK (length(competitor_id) = 16);
UPDATE competitor_price_history SET competitor_id =
    (SELECT competitor_id FROM competitor_inventory
     WHERE id = competitor_price_history.competitor_inventory_id AND length(competitor_inventory.competitor_id) = 16);
CREATE TRIGGER competitor_of_price AFTER INSERT ON competitor_price_history WHEN NEW.competitor_id IS NULL
BEGIN
    UPDATE competitor_price_history SET competitor_id =
        (SELECT competitor_id FROM competitor_inventory
         WHERE id = NEW.competitor_inventory_id AND length(competitor_inventory.competitor_id) = 16)
    WHERE id = NEW.id AND competitor_id IS NULL;
END;

-- When a sold vehicle was first seen on the lot that it went to. Null where it is no transfer.
ALTER TABLE competitor_inventory ADD COLUMN transferred_at TEXT CHECK (transferred_at GLOB '????-??-??T??:??:??.??????Z');

-- Every year, make and model that was ever listed, in the database's own lower case.
CREATE TABLE listed_models (
    year  INTEGER NOT NULL,
    make  TEXT NOT NULL,
    model TEXT NOT NULL,
    PRIMARY KEY (year, make, model)
) STRICT, WITHOUT ROWID;

-- Rows to lock on PostgreSQL. SQLite's one writer has everything to itself.
CREATE TABLE locks (slot INTEGER NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
