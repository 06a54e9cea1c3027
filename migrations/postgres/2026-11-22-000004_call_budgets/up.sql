-- How many calls of a metered service were made in a period: one row a service and month, such as `auto.dev 2026-11`.
CREATE TABLE call_budgets (
    period       varchar(100) PRIMARY KEY,
    calls        integer NOT NULL CHECK (calls >= 0),
    last_call_at timestamptz NOT NULL
);
