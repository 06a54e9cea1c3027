//! Tests that measure the memory of their process: they run in one of their own, for the other tests of this one take memory as well.

use std::{env, fs, process::Command};

const ALONE: &str = "JPAUTO_TEST_ALONE";

/// Whether this process runs one test alone. If not, the test of this name is run in a process that does, and its output printed.
pub fn is_alone(name: &str) -> bool {
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let mut alone = Command::new(env::current_exe().unwrap());
    let ran = alone.args(["--exact", name, "--nocapture"]).env(ALONE, "1").output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(told.contains("1 passed"), "no test is called {name}: {told}");
    print!("{told}");
    false
}

/// The memory that this process holds, in KiB.
pub fn resident() -> u64 {
    status("VmRSS:")
}

/// The most memory that this process has held, in KiB.
pub fn peak() -> u64 {
    status("VmHWM:")
}

fn status(word: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(word)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
