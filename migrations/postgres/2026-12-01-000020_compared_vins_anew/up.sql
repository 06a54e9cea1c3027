-- A database that was migrated before 000010 took its present form has the indexes over another expression, which no query asks for.
DROP INDEX inventory_compared_vin_idx;
DROP INDEX pending_submissions_compared_vin_idx;
CREATE INDEX inventory_compared_vin_idx ON inventory ((upper(regexp_replace(vin COLLATE "C", E'[ \\t\\n\\r\\u00a0]', '', 'g'))));
CREATE INDEX pending_submissions_compared_vin_idx ON pending_submissions ((upper(regexp_replace(vin COLLATE "C", E'[ \\t\\n\\r\\u00a0]', '', 'g'))));
