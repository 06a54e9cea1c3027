//! `jpauto work`: a worker, which runs jobs when they are due. What is deliberately not here: when that is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use clap::Args;
use jpauto::{
    Desk, ErrorCode,
    jobs::{Job, Run, RunPool, Stop, WorkEvent},
    notifications::DeliveryEvent,
};

use crate::{
    arguments::one_of,
    auto_dev::AutoDevOptions,
    configuration::Settings,
    context::Context,
    failure::Failure,
    job::told,
    notification::sent_line,
    output::{counted, remark},
    scrape::FetchOptions,
    serve::doubt_of_backups,
};

const EXAMPLES: &str = "\
Any number of workers may share one database: each time of a schedule is answered to once, and when a worker dies, another takes its
jobs over. A time that was missed while no worker ran is made up once. `jpauto job list` shows what runs when.

Workers also send the notifications that are configured; `jpauto notification list` shows what was sent.

Examples:
  jpauto work --contact webmaster@dealer.example
  jpauto work --schedule 'competitor_scrape=0 23 * * *' --schedule check=off
  jpauto --db postgres://lot@localhost/lot serve --work       server and worker in one process

It runs until SIGTERM or Ctrl-C. Runs in hand then have --patience seconds to finish; those that do not are interrupted, and what
they did stands.";

/// How the worker works.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WorkArgs {
    #[command(flatten)]
    pub(crate) worker: WorkerOptions,
    #[command(flatten)]
    pub(crate) jobs: JobOptions,
}

/// How many runs a worker makes, and how it ends.
#[derive(Args, Debug)]
#[command(next_help_heading = "Worker")]
pub(crate) struct WorkerOptions {
    /// Runs of different jobs that are made at once [default: 4]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=32))]
    at_once: Option<u8>,
    /// Seconds that runs in hand have to finish when the process is told to end [default: 20]
    #[arg(long, value_name = "SECONDS")]
    patience: Option<u64>,
}

/// When jobs run, and what they need.
#[derive(Args, Debug)]
#[command(next_help_heading = "Jobs")]
pub(crate) struct JobOptions {
    /// Another schedule of a job as a cron expression, or `off`; repeatable
    #[arg(long, value_name = "JOB=CRON", value_parser = schedule)]
    schedule: Vec<(Job, String)>,
    /// Seconds without a sign of life after which a run counts as interrupted [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    job_lease: Option<Duration>,
    /// The folder for backups of a SQLite database; without it the job `backup` does not run
    #[arg(long, value_name = "FOLDER")]
    backup_folder: Option<std::path::PathBuf>,
    /// Backups that are kept [default: 7]
    #[arg(long, value_name = "NUMBER")]
    backup_copies: Option<usize>,
    #[command(flatten)]
    fetching: FetchOptions,
    #[command(flatten)]
    auto_dev: AutoDevOptions,
}

const EXPECTED_SCHEDULE: &str = "expected JOB=CRON, such as 'clean_up=0 3 * * 0', or JOB=off";

/// Reads `clean_up=0 3 * * 0` or `clean_up=off`.
fn schedule(text: &str) -> Result<(Job, String), String> {
    let (job, cron) = text.split_once('=').ok_or(EXPECTED_SCHEDULE)?;
    let job = job.trim().parse().map_err(|refusal: jpauto::Error| refusal.to_string())?;
    let cron = cron.trim();
    if cron.is_empty() {
        return Err(EXPECTED_SCHEDULE.to_owned());
    }
    Ok((job, cron.to_owned()))
}

/// Reads seconds, of which there may be parts.
fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds: f64 = text.trim().parse().map_err(|_no_number| "expected a number of seconds, such as 60 or 0.5")?;
    Duration::try_from_secs_f64(seconds).map_err(|_out_of_range| "expected a number of seconds, such as 60 or 0.5")
}

impl JobOptions {
    /// Lets what is opened from now on run jobs so.
    pub(crate) fn apply(&self, context: &mut Context) -> Result<(), Failure> {
        let jobs = context.settings.jobs();
        let mut rules = self.schedule.iter().fold(jobs, |rules, (job, cron)| rules.scheduled(*job, cron));
        rules.lease = self.job_lease.unwrap_or(rules.lease);
        if let Some(folder) = &self.backup_folder {
            rules.backup_folder = Some(folder.clone()).filter(|folder| !folder.as_os_str().is_empty());
        }
        rules.backup_copies = self.backup_copies.unwrap_or(rules.backup_copies);
        context.run_jobs_by(rules);
        if let Some((fetch, scraping)) = self.fetching.config_if_given(&context.settings)? {
            context.fetch_with(fetch, scraping);
        }
        context.ask_auto_dev(self.auto_dev.config(&context.settings)?);
        Ok(())
    }
}

/// Names a job as the words of the library do.
pub(crate) fn any_job() -> impl clap::builder::TypedValueParser<Value = Job> {
    one_of!(Job)
}

/// Works until the process is told to end.
pub(crate) fn run(arguments: &WorkArgs, context: &mut Context) -> Result<(), Failure> {
    arguments.jobs.apply(context)?;
    let desk = context.desk()?;
    // What is wrong with the database is told before anything is waited for.
    desk.jobs().list()?;
    doubt_of_backups(&context.settings).iter().for_each(|doubt| remark(doubt));
    let stop = end_on_signals()?;
    remark("working; jobs run when they are due");
    Worker::new(&arguments.worker, &context.settings).work(&desk, &stop)
}

/// A stop that SIGTERM, SIGHUP and Ctrl-C ask for. The second time the process ends at once.
pub(crate) fn end_on_signals() -> Result<Arc<Stop>, Failure> {
    static IS_TO_END: AtomicBool = AtomicBool::new(false);
    let stop = Arc::<Stop>::default();
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if IS_TO_END.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        asked.ask();
    })
    .map_err(|reason| Failure::new(ErrorCode::NoSignals, format!("cannot listen for Ctrl-C: {reason}")))?;
    Ok(stop)
}

/// A worker with its threads.
pub(crate) struct Worker {
    pub(crate) pool: RunPool,
    patience: Duration,
}

impl Worker {
    pub(crate) fn new(options: &WorkerOptions, settings: &Settings) -> Self {
        let (at_once, patience) = (options.at_once.map(usize::from), options.patience.map(Duration::from_secs));
        let say = |run: &Run| remark(&told(run));
        Self {
            pool: RunPool::reporting(at_once.unwrap_or(settings.worker.at_once), say),
            patience: patience.unwrap_or(settings.worker.patience),
        }
    }

    /// Runs what is due and sends notifications until it is to stop, and then ends its runs.
    pub(crate) fn work(&self, desk: &Desk, stop: &Stop) -> Result<(), Failure> {
        thread::scope(|scope| {
            let sender = scope.spawn(|| send(desk, stop));
            let worked = self.run_jobs(desk, stop);
            // Whoever has ended ends the other.
            stop.ask();
            let sent = sender.join().unwrap_or(Ok(()));
            worked.and(sent)
        })
    }

    fn run_jobs(&self, desk: &Desk, stop: &Stop) -> Result<(), Failure> {
        let worked = desk.jobs().work(&self.pool, stop, &mut |event| match event {
            WorkEvent::Started(run) => remark(&format!("{}: begun", run.job_name)),
            WorkEvent::Failed(error) => remark(&format!("due jobs could not be started: {error}; trying again")),
            _ => {}
        });
        let ended = self.pool.shut_down(self.patience);
        if ended.interrupted > 0 {
            remark(&format!("interrupted {}", counted(ended.interrupted, "run")));
        }
        Ok(worked?)
    }
}

/// Sends notifications until it is to stop.
fn send(desk: &Desk, stop: &Stop) -> Result<(), Failure> {
    let sent = desk.notifications().work(stop, &mut |event| match event {
        DeliveryEvent::Tried(notification) => remark(&sent_line(notification)),
        DeliveryEvent::Failed(error) => remark(&format!("notifications could not be sent: {error}; trying again")),
        _ => {}
    });
    if sent.is_err() {
        stop.ask();
    }
    Ok(sent?)
}
