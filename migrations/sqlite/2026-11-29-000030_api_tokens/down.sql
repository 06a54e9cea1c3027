ALTER TABLE activity_logs DROP COLUMN token_id;
DROP TABLE api_tokens;
