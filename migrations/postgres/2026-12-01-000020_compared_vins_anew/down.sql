-- The indexes are those of the migration before, which takes them away.
SELECT 1;
