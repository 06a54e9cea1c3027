-- On PostgreSQL this makes the indexes of 000010 anew. Those of SQLite are as they were.
SELECT 1;
