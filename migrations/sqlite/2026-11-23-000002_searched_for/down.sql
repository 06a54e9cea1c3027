ALTER TABLE market_price_history DROP COLUMN searched_for;
