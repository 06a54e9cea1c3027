-- What a list of listings is sorted and filtered by, so that it need not look through the price history: the highest price
-- ever believed, the price before the present one, and when it changed.
ALTER TABLE competitor_inventory
    ADD COLUMN highest_price    numeric(10, 2),
    ADD COLUMN previous_price   numeric(10, 2),
    ADD COLUMN price_changed_at timestamptz;

-- Every scrape touches every row of a lot. With room beside each row the new version stays on its page and no index is
-- written. The table comes to this size by itself, as old versions leave room for new ones.
ALTER TABLE competitor_inventory SET (fillfactor = 50);

WITH point AS (
    SELECT competitor_inventory_id AS listing_id, price, recorded_at,
           lag(price) OVER in_order AS before,
           max(price) OVER (PARTITION BY competitor_inventory_id) AS highest,
           row_number() OVER (PARTITION BY competitor_inventory_id ORDER BY recorded_at DESC, id DESC) AS from_the_end
    FROM competitor_price_history
    WINDOW in_order AS (PARTITION BY competitor_inventory_id ORDER BY recorded_at, id)
)
UPDATE competitor_inventory AS listing
SET highest_price = greatest(point.highest, listing.price),
    previous_price = point.before,
    price_changed_at = CASE WHEN point.before IS NOT NULL THEN point.recorded_at END
FROM point
WHERE point.listing_id = listing.id AND point.from_the_end = 1;

UPDATE competitor_inventory SET highest_price = price WHERE highest_price IS NULL AND price IS NOT NULL;

-- Lists over all competitors, a page at a time.
CREATE INDEX competitor_inventory_first_seen_at_id_idx ON competitor_inventory (first_seen_at, id);
CREATE INDEX competitor_inventory_price_id_idx ON competitor_inventory (price, id);
CREATE INDEX competitor_inventory_mileage_id_idx ON competitor_inventory (mileage, id);
CREATE INDEX competitor_inventory_year_id_idx ON competitor_inventory (year, id);
CREATE INDEX competitor_inventory_price_drop_idx ON competitor_inventory ((highest_price - price), id);
CREATE INDEX competitor_inventory_days_on_market_idx ON competitor_inventory (days_on_market, id) WHERE is_sold;
-- What changed price of late; most listings never do.
CREATE INDEX competitor_inventory_price_changed_at_idx ON competitor_inventory (price_changed_at)
    WHERE price_changed_at IS NOT NULL;
-- A lot's sales of late, however many lie behind them.
CREATE INDEX competitor_inventory_competitor_id_sold_at_idx ON competitor_inventory (competitor_id, sold_at) WHERE is_sold;
CREATE INDEX competitor_inventory_sold_at_idx ON competitor_inventory (sold_at) WHERE is_sold;
