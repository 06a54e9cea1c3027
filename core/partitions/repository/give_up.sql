-- Removes a copy that was begun.
DO $give_up$
DECLARE
    tab text;
BEGIN
    FOREACH tab IN ARRAY ARRAY['competitor_price_history', 'competitor_inventory', 'competitor_metrics', 'competitor_scrapes',
                               'competitor_pages'] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS carry_over ON %I', tab);
        EXECUTE format('DROP FUNCTION IF EXISTS %I()', tab || '__carry');
        EXECUTE format('DROP TABLE IF EXISTS %I', tab || '__next');
    END LOOP;
    DROP TABLE IF EXISTS competitors__next;
END
$give_up$
