-- Sign-ins that have begun at a provider, of which only hashes are kept, and the providers' accounts of our users.
CREATE TABLE sign_in_states (
    state_hash   TEXT NOT NULL PRIMARY KEY CHECK (length(state_hash) <= 64),
    browser_hash TEXT NOT NULL CHECK (length(browser_hash) <= 64),
    provider     TEXT NOT NULL CHECK (length(provider) <= 50),
    redirect_uri TEXT NOT NULL,
    return_to    TEXT NOT NULL,
    client       TEXT CHECK (length(client) <= 50),
    created_at   TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??.??????Z'),
    expires_at   TEXT NOT NULL CHECK (expires_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
CREATE INDEX sign_in_states_expires_at_idx ON sign_in_states (expires_at);
CREATE INDEX sign_in_states_client_idx ON sign_in_states (client);
CREATE INDEX sign_in_links_expires_at_idx ON sign_in_links (expires_at);
CREATE TABLE sign_in_identities (
    identity_hash  TEXT NOT NULL PRIMARY KEY CHECK (length(identity_hash) <= 64),
    issuer         TEXT NOT NULL,
    user_id        BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
    created_at     TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
CREATE INDEX sign_in_identities_user_id_idx ON sign_in_identities (user_id);
