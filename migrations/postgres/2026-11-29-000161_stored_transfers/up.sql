-- What recording keeps up from now on, for the listings that are there already; run again, it changes nothing. The numbers of days are
-- the defaults of `transfer_days` and `on_the_market_days`.
UPDATE competitor_inventory AS listing SET transferred_at = moved.at
FROM (
    SELECT here.id, min(there.first_seen_at) AS at
    FROM competitor_inventory AS here
    JOIN competitor_inventory AS there ON there.vin = here.vin AND there.competitor_id <> here.competitor_id
    WHERE here.is_sold AND here.sold_at IS NOT NULL
      AND (there.is_sold IS NOT TRUE OR there.sold_at IS NOT NULL)
      AND (CASE WHEN there.is_sold THEN least(there.sold_at, there.last_seen_at) ELSE there.last_seen_at + interval '14 days' END, there.id)
          > (least(here.sold_at, here.last_seen_at), here.id)
      AND there.first_seen_at <= least(here.sold_at, here.last_seen_at) + interval '45 days'
    GROUP BY here.id
) AS moved
WHERE listing.id = moved.id AND listing.transferred_at IS DISTINCT FROM moved.at;
INSERT INTO listed_models (year, make, model)
SELECT DISTINCT year, lower(make), lower(model) FROM competitor_inventory
WHERE year IS NOT NULL AND make IS NOT NULL AND model IS NOT NULL
ON CONFLICT DO NOTHING;
