ALTER TABLE job_history DROP COLUMN user_agent;
ALTER TABLE job_history DROP COLUMN token_id;
