-- What crawling keeps: when a website is to be left alone until, and what each page of a list said when it was last read.
ALTER TABLE competitors ADD COLUMN IF NOT EXISTS next_scrape_at timestamptz;

-- A page that its server says is unchanged counts as read with what is kept here. `reader` names what had read it: another
-- release, platform or configuration reads the page itself.
CREATE TABLE competitor_pages (
    id            uuid PRIMARY KEY,
    competitor_id uuid NOT NULL REFERENCES competitors (id),
    url           text NOT NULL,
    etag          text,
    last_modified text,
    reader        varchar(100) NOT NULL,
    reading       jsonb NOT NULL,
    read_at       timestamptz NOT NULL
);

CREATE INDEX competitor_pages_competitor_id_idx ON competitor_pages (competitor_id);
