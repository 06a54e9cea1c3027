-- What a run of a job answers to, who asked for it, how far it has come and whether it is to end; and up to when the times of each
-- schedule are dealt with.
ALTER TABLE job_history ADD COLUMN scheduled_for timestamptz;
ALTER TABLE job_history ADD COLUMN requested_by uuid;
ALTER TABLE job_history ADD COLUMN options jsonb;
ALTER TABLE job_history ADD COLUMN progress jsonb;
ALTER TABLE job_history ADD COLUMN cancel_requested_at timestamptz;
ALTER TABLE job_history ADD COLUMN lease varchar(100);
ALTER TABLE job_history ADD COLUMN holder varchar(255);
CREATE INDEX job_history_started_at_id_idx ON job_history (started_at, id);
CREATE INDEX job_history_job_name_started_at_id_idx ON job_history (job_name, started_at, id);
CREATE INDEX job_history_running_idx ON job_history (id) WHERE status = 'running';
CREATE TABLE job_schedules (
    job_name   varchar(100) PRIMARY KEY,
    done_until timestamptz NOT NULL
);
