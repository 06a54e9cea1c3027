-- One-time links to sign in with, of which only a hash is kept.
CREATE TABLE sign_in_links (
    secret_hash varchar(64) PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX sign_in_links_user_id_idx ON sign_in_links (user_id);
