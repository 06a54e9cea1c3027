//! The file that a demonstration is told in: always a new one, and never in the place of anybody else's.
//!
//! A file made here holds an account that nothing else makes, and all that is written in a demonstration is written through one
//! client. At its end a second account holds digests of all rows. A file is removed only if it has the first account, nobody else has written to
//! it, and its rows are as the second says. What is deliberately not here: any other database; a demonstration has no business on a
//! PostgreSQL server.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use jpauto::{
    ActivityEntry, ActivityFilter, Actor, Config, Dealership, Desk, ErrorCode, NewUser, Role, SubmissionFilter,
    VehicleFilter,
    competitors::{CompetitorFilter, ListingFilter},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{failure::Failure, report};

/// The account that says that a file may be replaced.
const MARK: &str = "replaced-by-the-next-demo@jpauto.example";

/// The account whose name is the digests of the rows of a demonstration that was told to its end.
const SEAL: &str = "digests-of-the-demo@jpauto.example";

/// How the audit trail names what a demonstration writes.
const CLIENT: &str = "jpauto-demo";

/// The same actor, in a demonstration.
pub(super) fn on_stage(actor: Actor) -> Actor {
    actor.with_user_agent(CLIENT)
}

/// Makes room for a new file, or says why there is none.
pub(super) fn make_room(url: &str) -> Result<(), Failure> {
    let Some(path) = path_of(url)? else { return Ok(()) };
    if let Err(reason) = fs::symlink_metadata(&path) {
        return if reason.kind() == io::ErrorKind::NotFound {
            Ok(())
        } else {
            Err(Failure::unreadable(&path, &reason))
        };
    }
    let stays = match whose(url) {
        Whose::Ours => None,
        Whose::Shared => Some("was made by `jpauto demo`, but has been written to since".to_owned()),
        Whose::Changed(nouns) => Some(format!("was made by `jpauto demo`, but other {nouns} stand in it since")),
        Whose::Foreign => Some("exists and was not made by `jpauto demo`".to_owned()),
    };
    if let Some(why) = stays {
        let message =
            format!("{} {why}, so it stays as it is: name another file with --db sqlite:PATH", path.display());
        return Err(Failure::new(ErrorCode::NotADemoFile, message));
    }
    for ending in ["", "-wal", "-shm"] {
        remove(&with_ending(&path, ending))?;
    }
    Ok(())
}

/// The right to a file, as long as a demonstration runs: another one would take the file away under it.
pub(super) struct Turn(Option<(PathBuf, fs::File)>);

/// Takes it, unless another demonstration of the file is running. The system gives it back when a process ends.
pub(super) fn take_turn(url: &str) -> Result<Turn, Failure> {
    let Some(path) = path_of(url)? else { return Ok(Turn(None)) };
    let beside = with_ending(&path, ".running");
    let file = match fs::File::options().create(true).truncate(false).write(true).open(&beside) {
        Ok(file) => file,
        // Whatever is wrong with the folder is told of the database itself.
        Err(_cannot_be_made) => return Ok(Turn(None)),
    };
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => {
            let message = format!(
                "a demonstration of {} is still running: end it first, or name another file with --db sqlite:PATH",
                path.display()
            );
            Err(Failure::new(ErrorCode::NotADemoFile, message))
        }
        // A file system without locks.
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(Turn(Some((beside, file)))),
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((beside, _locked)) = &self.0
            && let Err(reason) = fs::remove_file(beside)
        {
            tracing::debug!(%reason, "a file beside the demonstration is left");
        }
    }
}

/// Marks a new file, before anything else is written to it.
pub(super) fn mark(desk: &Desk) -> Result<(), Failure> {
    let name = "Made by jpauto demo; its next run replaces this file".to_owned();
    let account =
        desk.users().add(&NewUser { email: MARK.to_owned(), name, role: Role::Viewer, ..NewUser::default() })?;
    desk.users().deactivate(account.id)?;
    Ok(())
}

/// Notes how all rows are, when the demonstration is told.
pub(super) fn seal(desk: &Desk) -> Result<(), Failure> {
    let name =
        digests(desk)?.into_iter().map(|(noun, digest)| format!("{noun}={digest}")).collect::<Vec<_>>().join(" ");
    let account =
        desk.users().add(&NewUser { email: SEAL.to_owned(), name, role: Role::Viewer, ..NewUser::default() })?;
    desk.users().deactivate(account.id)?;
    Ok(())
}

/// What stands in a file that was told to its end and differs from what the demonstration wrote, in words.
fn changed(desk: &Desk) -> Result<Option<String>, Failure> {
    // A demonstration that was broken off has none.
    let Ok(seal) = desk.users().get_by_email(SEAL) else { return Ok(None) };
    let sealed: HashSet<&str> = seal.name.split(' ').collect();
    let changed =
        digests(desk)?.into_iter().filter(|(noun, digest)| !sealed.contains(format!("{noun}={digest}").as_str()));
    let nouns: Vec<_> = changed.map(|(noun, _)| noun).collect();
    Ok((!nouns.is_empty()).then(|| nouns.join(" and ")))
}

/// A digest of all rows of each noun, whatever their order.
fn digests(desk: &Desk) -> Result<Vec<(&'static str, String)>, Failure> {
    let vehicles = report::all(|page| desk.inventory().list(&VehicleFilter::default(), page))?;
    let vehicles: Vec<_> = vehicles.into_iter().map(|vehicle| vehicle.vehicle).collect();
    let mut users = report::all(|page| desk.users().list(page))?;
    users.retain(|user| user.email != SEAL);
    let offers = report::all(|page| desk.submissions().list(&SubmissionFilter::default(), page))?;
    let competitors = report::all(|page| desk.competitors().list(&CompetitorFilter::default(), page))?;
    let listings = report::all(|page| desk.competitors().listings(&ListingFilter::default(), page))?;
    Ok(vec![
        ("vehicles", digest(&vehicles)?),
        ("offers", digest(&offers)?),
        ("competitors", digest(&competitors)?),
        ("listings", digest(&listings)?),
        ("users", digest(&users)?),
    ])
}

/// The number of rows and the sum of what each hashes to (FNV-1a), which another release must find the same.
fn digest(rows: &[impl Serialize]) -> Result<String, Failure> {
    let mut sum = 0_u64;
    for row in rows {
        let mut row = serde_json::to_value(row).map_err(|reason| Failure::Output(reason.into()))?;
        if let Some(fields) = row.as_object_mut() {
            // These depend on the time and the configuration.
            for field in ["days_on_market", "warnings"] {
                fields.remove(field);
            }
        }
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        sum = sum.wrapping_add(row.to_string().bytes().fold(0xcbf2_9ce4_8422_2325, hash));
    }
    Ok(format!("{}:{sum:016x}", rows.len()))
}

/// Who has written to a file.
enum Whose {
    /// A demonstration alone.
    Ours,
    /// A demonstration, and others after it.
    Shared,
    /// A demonstration, and another program after it, which has changed, added or removed these.
    Changed(String),
    /// Others. Whatever keeps the mark from being read, the file is then not known to be ours.
    Foreign,
}

fn whose(url: &str) -> Whose {
    let opened = Dealership::with_config(Config::new(url).pool_size(1).read_only());
    let Ok(desk) = opened.map(|dealership| dealership.acting_as(Actor::system())) else { return Whose::Foreign };
    if desk.users().get_by_email(MARK).is_err() {
        return Whose::Foreign;
    }
    let written = report::all(|page| desk.activity().list(&ActivityFilter::default(), page));
    match written {
        Ok(entries)
            if entries.iter().all(|entry| entry.user_agent.as_deref() == Some(CLIENT))
                && has_only(&desk, &entries).unwrap_or(false) =>
        {
            match changed(&desk) {
                Ok(None) => Whose::Ours,
                Ok(Some(nouns)) => Whose::Changed(nouns),
                Err(_unreadable) => Whose::Shared,
            }
        }
        _ => Whose::Shared,
    }
}

/// Whether every vehicle, offer, competitor and user of a file is one that its audit trail knows: another program may have added some.
fn has_only(desk: &Desk, entries: &[ActivityEntry]) -> Result<bool, Failure> {
    let known: HashSet<Uuid> = entries.iter().filter_map(|entry| entry.resource_id).collect();
    let vehicles = report::all(|page| desk.inventory().list(&VehicleFilter::default(), page))?;
    let offers = report::all(|page| desk.submissions().list(&SubmissionFilter::default(), page))?;
    let competitors = report::all(|page| desk.competitors().list(&CompetitorFilter::default(), page))?;
    let users = report::all(|page| desk.users().list(page))?;
    let vehicles = vehicles.into_iter().map(|vehicle| vehicle.vehicle.id.into());
    let offers = offers.into_iter().map(|offer| offer.id.into());
    let competitors = competitors.into_iter().map(|competitor| competitor.id.into());
    let users = users.into_iter().map(|user| user.id.into());
    Ok(vehicles.chain(offers).chain(competitors).chain(users).all(|id: Uuid| known.contains(&id)))
}

/// The file of a SQLite URL, `None` for a database in memory.
fn path_of(url: &str) -> Result<Option<PathBuf>, Failure> {
    let Some(path) = url.strip_prefix("sqlite:") else {
        let message = "the demonstration makes a SQLite file of its own: expected --db sqlite:PATH";
        return Err(Failure::new(ErrorCode::DemoNeedsSqlite, message));
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    Ok((path != ":memory:").then(|| PathBuf::from(path)))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(reason) if reason.kind() != io::ErrorKind::NotFound => {
            Err(Failure::new(ErrorCode::FileNotRemoved, format!("cannot remove {}: {reason}", path.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: Result<(), Failure>) -> Option<&'static str> {
        match result {
            Err(Failure::Own { code, .. }) => Some(code.as_str()),
            Err(other) => panic!("{other:?}"),
            Ok(()) => None,
        }
    }

    #[test]
    fn only_a_file_that_a_demonstration_made_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lot.db");
        let url = format!("sqlite:{}", path.display());

        make_room(&url).unwrap();
        assert!(!path.exists(), "looking for a file must not make one");

        let dealership = Dealership::open(&url).unwrap();
        assert_eq!(code(make_room(&url)), Some("not_a_demo_file"), "a dealership's own file");
        assert!(path.exists());

        mark(&dealership.acting_as(on_stage(Actor::system()))).unwrap();
        drop(dealership);
        make_room(&url).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "with all that belongs to it");
    }

    #[test]
    fn a_demonstration_that_runs_keeps_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lot.db").display());
        let running = take_turn(&url).unwrap();
        assert_eq!(code(take_turn(&url).map(drop)), Some("not_a_demo_file"));
        drop(running);
        drop(take_turn(&url).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left beside it");
        // Without a folder the database itself says what is wrong.
        assert!(take_turn("sqlite:nowhere/at/all.db").is_ok() && take_turn("sqlite::memory:").is_ok());
    }

    #[test]
    fn rows_that_another_program_wrote_keep_their_file() {
        use diesel::{Connection as _, connection::SimpleConnection as _};

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lot.db");
        let url = format!("sqlite:{}", path.display());
        let dealership = Dealership::open(&url).unwrap();
        mark(&dealership.acting_as(on_stage(Actor::system()))).unwrap();
        drop(dealership);
        let mut conn = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA foreign_keys = OFF; UPDATE users SET id = randomblob(16)").unwrap();
        drop(conn);
        assert_eq!(code(make_room(&url)), Some("not_a_demo_file"));
    }

    #[test]
    fn a_demonstration_that_somebody_has_written_to_stays() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lot.db").display());
        let dealership = Dealership::open(&url).unwrap();
        mark(&dealership.acting_as(on_stage(Actor::system()))).unwrap();
        let own = NewUser { email: "ann@example.com".into(), name: "Ann".into(), ..NewUser::default() };
        dealership.acting_as(Actor::system()).users().add(&own).unwrap();
        drop(dealership);
        assert_eq!(code(make_room(&url)), Some("not_a_demo_file"));
        assert!(
            Dealership::open(&url).unwrap().acting_as(Actor::system()).users().get_by_email("ann@example.com").is_ok()
        );
    }

    #[test]
    fn whatever_is_no_such_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letters.txt");
        for content in ["", "Dear Sir or Madam"] {
            fs::write(&path, content).unwrap();
            assert_eq!(code(make_room(&format!("sqlite:{}", path.display()))), Some("not_a_demo_file"), "{content:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(code(make_room(&format!("sqlite:{}", folder.path().display()))), Some("not_a_demo_file"));
        assert_eq!(code(make_room("postgres://localhost/lot")), Some("demo_needs_sqlite"));
        assert_eq!(code(make_room("lot.db")), Some("demo_needs_sqlite"));
    }
}
