EXPLAIN (ANALYZE, TIMING OFF) WITH repeated AS (SELECT vin FROM competitor_inventory WHERE vin IS NOT NULL GROUP BY vin HAVING count(*) > 1),
    shown AS (SELECT id AS shown_id, row_number() OVER w AS place, min(coalesce(first_seen_at, created_at)) OVER (PARTITION BY vin) AS vehicle_since
       FROM competitor_inventory AS listing WHERE (listing.is_sold = false OR listing.is_sold IS NULL) AND (listing.competitor_id NOT IN (SELECT id FROM competitors WHERE active = false) AND coalesce(listing.last_seen_at, listing.first_seen_at, listing.created_at) >= timestamptz '2026-02-15') AND vin IN (SELECT vin FROM repeated)
       WINDOW w AS (PARTITION BY vin ORDER BY CASE WHEN price BETWEEN 1000 AND 500000 THEN price END NULLS LAST, last_seen_at DESC, id)),
    lot AS (SELECT  make, model, competitor_id, CASE WHEN coalesce(place,1) = 1 THEN CASE WHEN price BETWEEN 1000 AND 500000 THEN price END END AS price, CASE WHEN coalesce(place,1) = 1 THEN coalesce(vehicle_since, first_seen_at, created_at) END AS since,
      CASE WHEN coalesce(place,1) = 1 THEN 1 ELSE 0 END AS here, CASE WHEN coalesce(place,1) = 1 THEN CASE WHEN price_changed_at >= timestamptz '2026-02-22' AND (price < previous_price OR EXISTS (SELECT 1 FROM competitor_price_history AS earlier WHERE earlier.competitor_inventory_id = listing.id AND earlier.price - listing.price >= 0.01 AND earlier.recorded_at >= coalesce((SELECT max(in_force.recorded_at) FROM competitor_price_history AS in_force WHERE in_force.competitor_inventory_id = listing.id AND in_force.recorded_at <= timestamptz '2026-02-22'), earlier.recorded_at))) THEN 1 ELSE 0 END ELSE 0 END AS cut, 0 AS sold
      FROM competitor_inventory AS listing LEFT JOIN shown ON shown_id = listing.id WHERE (listing.is_sold = false OR listing.is_sold IS NULL) AND (listing.competitor_id NOT IN (SELECT id FROM competitors WHERE active = false) AND coalesce(listing.last_seen_at, listing.first_seen_at, listing.created_at) >= timestamptz '2026-02-15') UNION ALL SELECT  make, model, NULL::uuid, NULL, NULL, 0, 0, 1 FROM competitor_inventory AS listing WHERE is_sold AND sold_at >= timestamptz '2026-01-30' AND NOT EXISTS (SELECT 1 FROM competitor_inventory AS elsewhere WHERE elsewhere.vin = listing.vin AND elsewhere.competitor_id <> listing.competitor_id AND (CASE WHEN elsewhere.is_sold IS TRUE AND elsewhere.sold_at < elsewhere.last_seen_at THEN elsewhere.sold_at ELSE elsewhere.last_seen_at END, elsewhere.id) > (CASE WHEN listing.is_sold IS TRUE AND listing.sold_at < listing.last_seen_at THEN listing.sold_at ELSE listing.last_seen_at END, listing.id) AND elsewhere.first_seen_at <= least(listing.last_seen_at, listing.sold_at) + interval '45 days' AND (elsewhere.is_sold IS NOT TRUE OR elsewhere.sold_at IS NOT NULL))),
         line AS (
             SELECT '' AS make_key, '' AS model_key, 0 AS year_key,  min(make) AS make, min(model) AS model,
                    count(DISTINCT competitor_id) AS competitors, coalesce(sum(here),0) AS on_sale, count(price) AS priced,
                    min(price) AS lowest_price, max(price) AS highest_price, coalesce(sum(cut),0) AS price_cuts,
                    coalesce(sum(sold),0) AS sold
             FROM lot  
             
         ), 
    price_place AS (SELECT  lot.price, line.priced, row_number() OVER (ORDER BY lot.price) AS place FROM lot CROSS JOIN line WHERE lot.price IS NOT NULL),
    middle_price AS (SELECT  sum(price) AS middle_sum, count(*) AS middle_count FROM price_place WHERE 2 * place BETWEEN priced AND priced + 2 ),
    age_place AS (SELECT  lot.since, count(*) OVER () AS aged, row_number() OVER (ORDER BY lot.since) AS place FROM lot CROSS JOIN line WHERE lot.since IS NOT NULL),
    middle_age AS (SELECT  min(since) AS earlier_middle, max(since) AS later_middle FROM age_place WHERE 2 * place BETWEEN aged AND aged + 2 )
         SELECT * FROM line LEFT JOIN middle_price ON true LEFT JOIN middle_age ON true
         ORDER BY on_sale DESC, make_key, model_key, year_key;
