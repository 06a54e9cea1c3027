//! Puts a feed in its place: written beside it under a hidden name, and renamed when it is whole.
//!
//! A reader sees the feed before or the feed after. What a run that was killed has left is removed by the next one: whoever writes
//! holds a lock on what is written, which ends with the process.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::{FeedFormat, writing::PAGES_MARK};

/// How the hidden names end.
const UNFINISHED: &str = ".part";

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
        make_folder(folder)?;
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        remove_unfinished(folder, &name);
        loop {
            let path = folder.join(format!(".{name}.{:08x}{UNFINISHED}", fastrand::u32(..)));
            let is_folder = format == FeedFormat::Pages;
            let made = if is_folder { fs::create_dir(&path) } else { File::create_new(&path).map(drop) };
            match made {
                Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made?,
            }
            // Until it is locked, another run may take it for a remnant.
            let lock = match lockable(&path).and_then(|lock| lock.lock().map(|()| lock)) {
                Err(reason) if reason.kind() == io::ErrorKind::NotFound => continue,
                lock => lock?,
            };
            if path.exists() {
                let stage = Self { path, target: target.to_owned(), _lock: lock };
                if is_folder {
                    File::create(stage.path.join(PAGES_MARK))?;
                }
                return Ok(stage);
            }
        }
    }

    /// Where to write.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Sees to it that what was written is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        if self.path.is_dir() {
            // Syncing each of many small files would take longer than all the rest.
            return sync_all_below(&self.path);
        }
        // Windows syncs no file that is open to be read alone.
        File::options().write(true).open(&self.path)?.sync_all()
    }

    /// Puts it in its place.
    pub(super) fn publish(self) -> io::Result<()> {
        // The owner may have said who reads the feed.
        match fs::metadata(&self.target) {
            Ok(before) => fs::set_permissions(&self.path, before.permissions())?,
            Err(reason) if reason.kind() == io::ErrorKind::NotFound => {}
            Err(reason) => return Err(reason),
        }
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

/// Makes the folder that a feed goes to. Only that one: where the folder around it is missing as well, the path is a slip.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(file) = folder.ancestors().find(|path| path.exists() && !path.is_dir()) {
        let message = format!("{} is a file, and no folder", file.display());
        return Err(io::Error::new(io::ErrorKind::NotADirectory, message));
    }
    let around = folder_of(folder);
    if !around.is_dir() {
        let message = format!("there is no folder {}: make it first, or name another one", around.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    match fs::create_dir(folder) {
        // Another run has made it.
        Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => {
            let message = format!("{} is a link to a folder that is not there", folder.display());
            Err(io::Error::new(io::ErrorKind::NotFound, message))
        }
        made => made,
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

/// What is locked while a run writes there: the file or the folder itself.
fn lockable(path: &Path) -> io::Result<File> {
    if cfg!(unix) || path.is_file() {
        return File::open(path);
    }
    // Windows opens no folder.
    File::options().write(true).create(true).truncate(true).open(path.join(PAGES_MARK))
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
        // What cannot be opened is somebody's, or gone.
        let is_left = lockable(&path).is_ok_and(|lock| !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
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
fn sync_all_below(folder: &Path) -> io::Result<()> {
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
        fs::write(pages.join("1.md"), "left before it was marked, or half removed").unwrap();
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
    fn a_folder_is_made_in_one_that_is_there_and_a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let begin = |name: &str| Stage::begin(&folder.path().join(name), FeedFormat::Csv).map(|_| ());
        begin("new/feed.csv").unwrap();
        let missing = begin("typing/error/feed.csv").unwrap_err().to_string();
        assert!(missing.contains("there is no folder") && missing.ends_with("name another one"), "{missing}");
        fs::write(folder.path().join("X"), "").unwrap();
        for name in ["X/feed.csv", "X/Y/feed.csv"] {
            let in_the_way = begin(name).unwrap_err().to_string();
            assert!(in_the_way.ends_with("X is a file, and no folder"), "{in_the_way}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path().join("gone"), folder.path().join("link")).unwrap();
        let refusal = Stage::begin(&folder.path().join("link/feed.csv"), FeedFormat::Csv).map(|_| ()).unwrap_err();
        assert!(refusal.to_string().ends_with("link is a link to a folder that is not there"), "{refusal}");
    }

    #[cfg(unix)]
    #[test]
    fn a_feed_is_read_by_whom_the_one_before_was() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("feed.csv");
        fs::write(&target, "before").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
        let stage = Stage::begin(&target, FeedFormat::Csv).unwrap();
        fs::write(stage.path(), "after").unwrap();
        stage.publish().unwrap();
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&target).unwrap(), "after");
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
