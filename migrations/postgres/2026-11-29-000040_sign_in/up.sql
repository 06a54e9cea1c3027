-- Sign-ins that have begun at a provider, of which only hashes are kept, and the providers' accounts of our users.
CREATE TABLE sign_in_states (
    state_hash   varchar(64) PRIMARY KEY,
    browser_hash varchar(64) NOT NULL,
    provider     varchar(50) NOT NULL,
    redirect_uri text NOT NULL,
    return_to    text NOT NULL,
    client       varchar(50),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX sign_in_states_expires_at_idx ON sign_in_states (expires_at);
CREATE INDEX sign_in_states_client_idx ON sign_in_states (client);
CREATE INDEX sign_in_links_expires_at_idx ON sign_in_links (expires_at);
CREATE TABLE sign_in_identities (
    identity_hash  varchar(64) PRIMARY KEY,
    issuer         text NOT NULL,
    user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_verified boolean NOT NULL,
    created_at     timestamptz NOT NULL
);
CREATE INDEX sign_in_identities_user_id_idx ON sign_in_identities (user_id);
