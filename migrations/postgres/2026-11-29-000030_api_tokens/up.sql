-- Secrets of machines, of which only a hash is kept, and the token that an entry of the audit trail was written through.
CREATE TABLE api_tokens (
    id           uuid PRIMARY KEY,
    name         varchar(255) NOT NULL,
    role         varchar(20) NOT NULL CHECK (role IN ('admin', 'manager', 'viewer')),
    secret_hash  varchar(64) NOT NULL,
    user_id      uuid REFERENCES users (id),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX api_tokens_created_at_id_idx ON api_tokens (created_at, id);
CREATE INDEX api_tokens_user_id_created_at_id_idx ON api_tokens (user_id, created_at, id);
ALTER TABLE activity_logs ADD COLUMN token_id uuid;
