//! Puts a feed in its place: written beside it under a hidden name, and renamed when it is whole.
//!
//! A reader sees the feed before or the feed after. What a run that was killed has left is removed by the next one: whoever writes
//! holds a lock on what is written, which ends with the process.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{FeedFormat, writing::PAGES_MARK};

/// How the hidden names end.
const UNFINISHED: &str = ".part";

/// A folder without a mark may be one that another run has just made.
const JUST_MADE: Duration = Duration::from_secs(60);

/// A feed that is being written.
pub(super) struct Stage {
    path: PathBuf,
    target: PathBuf,
    /// Held locked as long as this run is at it.
    _lock: File,
}

impl Stage {
    /// Begins beside the target, and removes there what runs that were killed have left.
    pub(super) fn begin(target: &Path, format: FeedFormat) -> io::Result<Self> {
        let folder = folder_of(target);
        fs::create_dir_all(folder)?;
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        remove_unfinished(folder, &name);
        loop {
            let path = folder.join(format!(".{name}.{:08x}{UNFINISHED}", fastrand::u32(..)));
            let locked = if format == FeedFormat::Pages {
                fs::create_dir(&path).and_then(|()| File::create_new(path.join(PAGES_MARK)))
            } else {
                File::create_new(&path)
            };
            let lock = match locked {
                Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => continue,
                locked => locked?,
            };
            lock.lock()?;
            // Another run may have taken it for a remnant before it was locked.
            if path.exists() {
                return Ok(Self { path, target: target.to_owned(), _lock: lock });
            }
        }
    }

    /// Where to write.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in its place.
    pub(super) fn publish(self) -> io::Result<()> {
        if self.path.is_dir() && self.target.exists() {
            // Afterwards the old folder has the hidden name, and goes with it.
            exchange(&self.path, &self.target)?;
        } else {
            fs::rename(&self.path, &self.target)?;
        }
        sync_folder(folder_of(&self.target))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// The folder that a path stands in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether a folder holds something that no export has made.
pub(super) fn is_somebody_elses(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some() && !folder.join(PAGES_MARK).exists()),
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(reason) => Err(reason),
    }
}

/// Removes what nobody writes any more.
fn remove_unfinished(folder: &Path, name: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let found = entry.file_name().to_string_lossy().into_owned();
        if !found.starts_with(&format!(".{name}.")) || !found.ends_with(UNFINISHED) {
            continue;
        }
        let path = entry.path();
        let lock = if path.is_dir() { File::open(path.join(PAGES_MARK)) } else { File::open(&path) };
        let is_left = match lock.map(|lock| lock.try_lock()) {
            Ok(outcome) => !matches!(outcome, Err(TryLockError::WouldBlock)),
            Err(_no_mark) => {
                let changed = entry.metadata().and_then(|of| of.modified()).ok();
                changed.and_then(|time| time.elapsed().ok()).is_some_and(|age| age > JUST_MADE)
            }
        };
        if is_left {
            remove(&path);
        }
    }
}

/// Removes a file or a folder. What cannot be removed now is tried again by the next run.
fn remove(path: &Path) {
    let outcome = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match outcome {
        Err(reason) if reason.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %reason, "a remnant of an export could not be removed");
        }
        _ => {}
    }
}

/// Swaps two folders in one step where the system can, and in two where it cannot.
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::XDEV) => {}
            outcome => return Ok(outcome?),
        }
    }
    let aside = new.with_extension("old.part");
    fs::rename(old, &aside)?;
    if let Err(reason) = fs::rename(new, old) {
        fs::rename(&aside, old)?;
        return Err(reason);
    }
    fs::rename(&aside, new)
}

/// Sees to it that a rename outlives a failure of power.
fn sync_folder(folder: &Path) -> io::Result<()> {
    // Windows opens no folder as a file.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Sees to it that all files of a folder are on the disk.
pub(super) fn sync_all_below(folder: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        rustix::fs::syncfs(File::open(folder)?)?;
        Ok(())
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        for entry in fs::read_dir(folder)? {
            File::open(entry?.path())?.sync_all()?;
        }
        sync_folder(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_is_removed_and_what_is_being_written_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("feed.csv");
        fs::write(folder.path().join(".feed.csv.00000001.part"), "left").unwrap();
        fs::write(folder.path().join(".other.csv.00000001.part"), "another feed's").unwrap();
        let pages = folder.path().join(".feed.csv.00000002.part");
        fs::create_dir(&pages).unwrap();
        fs::write(pages.join(PAGES_MARK), "").unwrap();
        let first = Stage::begin(&target, FeedFormat::Csv).unwrap();
        let second = Stage::begin(&target, FeedFormat::Csv).unwrap();
        assert!(first.path().exists() && second.path().exists());
        fs::write(first.path(), "whole").unwrap();
        first.publish().unwrap();
        drop(second);
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".other.csv.00000001.part", "feed.csv"]);
        assert_eq!(fs::read_to_string(target).unwrap(), "whole");
    }

    #[test]
    fn a_folder_is_put_in_the_place_of_another_whole() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("_vehicles");
        for text in ["one", "two"] {
            let stage = Stage::begin(&target, FeedFormat::Pages).unwrap();
            fs::write(stage.path().join(format!("{text}.md")), text).unwrap();
            stage.publish().unwrap();
            assert!(!is_somebody_elses(&target).unwrap());
        }
        let mut names: Vec<_> = fs::read_dir(&target).unwrap().map(|it| it.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [PAGES_MARK, "two.md"]);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "the old folder is gone");
        fs::remove_file(target.join(PAGES_MARK)).unwrap();
        assert!(is_somebody_elses(&target).unwrap());
    }
}
