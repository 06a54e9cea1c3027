-- A VIN is found as another program may have written it, in any case and with blanks: `compared_vin` of the library has the same expression.
CREATE INDEX inventory_compared_vin_idx ON inventory ((upper(replace(replace(replace(replace(replace(vin, ' ', ''), char(9), ''), char(10), ''), char(13), ''), char(160), ''))));
CREATE INDEX pending_submissions_compared_vin_idx ON pending_submissions ((upper(replace(replace(replace(replace(replace(vin, ' ', ''), char(9), ''), char(10), ''), char(13), ''), char(160), ''))));
