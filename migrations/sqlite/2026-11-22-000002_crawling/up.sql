-- What crawling keeps: when a website is to be left alone until, and what each page of a list said when it was last read.
ALTER TABLE competitors ADD COLUMN next_scrape_at TEXT
    CHECK (next_scrape_at GLOB '????-??-??T??:??:??.??????Z');

-- A page that its server says is unchanged counts as read with what is kept here. `reader` names what had read it: another
-- release, platform or configuration reads the page itself.
CREATE TABLE competitor_pages (
    id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    competitor_id BLOB NOT NULL REFERENCES competitors (id),
    url           TEXT NOT NULL,
    etag          TEXT,
    last_modified TEXT,
    reader        TEXT NOT NULL CHECK (length(reader) <= 100),
    reading       TEXT NOT NULL CHECK (json_valid(reading)),
    read_at       TEXT NOT NULL CHECK (read_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;

CREATE INDEX competitor_pages_competitor_id_idx ON competitor_pages (competitor_id);
