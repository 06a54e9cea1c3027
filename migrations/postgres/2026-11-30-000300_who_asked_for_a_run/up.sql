-- Who asked for a run, where that is no member of staff: the API token, and the client, which is the command line or another program.
ALTER TABLE job_history ADD COLUMN token_id uuid;
ALTER TABLE job_history ADD COLUMN user_agent text;
