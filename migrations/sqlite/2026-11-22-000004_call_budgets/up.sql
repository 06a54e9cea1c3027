-- How many calls of a metered service were made in a period: one row a service and month, such as `auto.dev 2026-11`.
CREATE TABLE call_budgets (
    period       TEXT NOT NULL PRIMARY KEY CHECK (length(period) <= 100),
    calls        INTEGER NOT NULL CHECK (calls >= 0),
    last_call_at TEXT NOT NULL CHECK (last_call_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
