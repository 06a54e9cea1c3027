-- A VIN is found as another program may have written it, in any case and with blanks: `compared_vin` of the library has the same expression.
CREATE INDEX inventory_compared_vin_idx ON inventory ((upper(translate(vin, ' ' || chr(9) || chr(10) || chr(13) || chr(160), ''))));
CREATE INDEX pending_submissions_compared_vin_idx ON pending_submissions ((upper(translate(vin, ' ' || chr(9) || chr(10) || chr(13) || chr(160), ''))));
