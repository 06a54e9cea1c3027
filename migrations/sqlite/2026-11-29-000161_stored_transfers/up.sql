-- What recording keeps up from now on, for the listings that are there already; run again, it changes nothing. The numbers of days are
-- the defaults of `transfer_days` and `on_the_market_days`.
UPDATE competitor_inventory SET transferred_at = (
    SELECT min(there.first_seen_at)
    FROM competitor_inventory AS there
    WHERE there.vin = competitor_inventory.vin AND there.competitor_id <> competitor_inventory.competitor_id
      AND (there.is_sold IS NOT TRUE OR there.sold_at IS NOT NULL)
      AND (CASE WHEN there.is_sold THEN min(there.sold_at, there.last_seen_at)
                ELSE strftime('%Y-%m-%dT%H:%M:%f', there.last_seen_at, '+14 days') || '999Z' END, there.id)
          > (min(competitor_inventory.sold_at, competitor_inventory.last_seen_at), competitor_inventory.id)
      AND there.first_seen_at <= strftime('%Y-%m-%dT%H:%M:%f', min(competitor_inventory.sold_at, competitor_inventory.last_seen_at), '+45 days') || '999Z'
)
WHERE is_sold AND sold_at IS NOT NULL AND vin IS NOT NULL;
INSERT OR IGNORE INTO listed_models (year, make, model)
SELECT DISTINCT year, lower(make), lower(model) FROM competitor_inventory
-- A table that another program made may hold anything.
WHERE typeof(year) = 'integer' AND typeof(make) = 'text' AND typeof(model) = 'text';
