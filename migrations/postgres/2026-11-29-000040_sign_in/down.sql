DROP TABLE sign_in_identities;
DROP INDEX sign_in_links_expires_at_idx;
DROP TABLE sign_in_states;
