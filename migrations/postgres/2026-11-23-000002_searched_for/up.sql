-- What a median is the median of: two are compared over time only where the same was searched for.
ALTER TABLE market_price_history ADD COLUMN searched_for text;
