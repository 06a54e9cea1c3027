-- When a person last changed what is read as a competitor's list: what the new list leaves out was not sold by that.
ALTER TABLE competitors ADD COLUMN list_changed_at TEXT
    CHECK (list_changed_at GLOB '????-??-??T??:??:??.??????Z');
