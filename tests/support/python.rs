//! A Python that has a package of `bindings/python/pyproject.toml`, for the servers of tests that are written in it.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bindings/python/pyproject.toml");

/// The Python that `JPAUTO_TEST_PYTHON` names, if it has the module; else one in an environment of its own into which the group of
/// packages is installed once. `None` where nothing can be installed.
pub fn with(module: &str, group: &str) -> Option<PathBuf> {
    if env::var_os("JPAUTO_TEST_OFFLINE").is_some() {
        println!("skipped: JPAUTO_TEST_OFFLINE is set, and {module} would have to be installed");
        return None;
    }
    let has_module = |python: &Path| {
        let asked = Command::new(python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    if let Some(named) = env::var_os("JPAUTO_TEST_PYTHON").map(PathBuf::from).filter(|named| has_module(named)) {
        return Some(named);
    }
    // One test installs it, and the others wait.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _waiting = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(group);
    let python = folder.join("bin/python");
    if !has_module(&python) {
        let run = |command: &mut Command| {
            let done = command.output().unwrap();
            assert!(done.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&done.stderr));
        };
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1"]));
        let group = format!("{PACKAGES}:{group}");
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--group", &group]));
    }
    Some(python)
}
