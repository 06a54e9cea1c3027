-- What a run of a job answers to, who asked for it, how far it has come and whether it is to end; and up to when the times of each
-- schedule are dealt with.
ALTER TABLE job_history ADD COLUMN scheduled_for TEXT CHECK (scheduled_for GLOB '????-??-??T??:??:??.??????Z');
ALTER TABLE job_history ADD COLUMN requested_by BLOB CHECK (length(requested_by) = 16);
ALTER TABLE job_history ADD COLUMN options TEXT CHECK (options IS NULL OR json_valid(options));
ALTER TABLE job_history ADD COLUMN progress TEXT CHECK (progress IS NULL OR json_valid(progress));
ALTER TABLE job_history ADD COLUMN cancel_requested_at TEXT CHECK (cancel_requested_at GLOB '????-??-??T??:??:??.??????Z');
ALTER TABLE job_history ADD COLUMN lease TEXT CHECK (length(lease) <= 100);
ALTER TABLE job_history ADD COLUMN holder TEXT CHECK (length(holder) <= 255);
CREATE INDEX job_history_started_at_id_idx ON job_history (started_at, id);
CREATE INDEX job_history_job_name_started_at_id_idx ON job_history (job_name, started_at, id);
CREATE INDEX job_history_running_idx ON job_history (id) WHERE status = 'running';
CREATE TABLE job_schedules (
    job_name   TEXT NOT NULL PRIMARY KEY CHECK (length(job_name) <= 100),
    done_until TEXT NOT NULL CHECK (done_until GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
