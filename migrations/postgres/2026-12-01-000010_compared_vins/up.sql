-- A VIN is found as another program may have written it, in any case and with blanks: `compared_vin` of the library has the same expression.
-- It holds in a database of any encoding, where chr(160) may be no sign, and of any language: a Turkish one has another capital of i.
CREATE INDEX inventory_compared_vin_idx ON inventory ((upper(regexp_replace(vin COLLATE "C", E'[ \\t\\n\\r\\u00a0]', '', 'g'))));
CREATE INDEX pending_submissions_compared_vin_idx ON pending_submissions ((upper(regexp_replace(vin COLLATE "C", E'[ \\t\\n\\r\\u00a0]', '', 'g'))));
