//! The public operations of the library, read from the sources of its services.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Every public method of a service, such as `Inventory::add`. `root` is the folder of the workspace.
pub fn of_the_library(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in services(&root.join("core")) {
        let mut of = String::new();
        for line in fs::read_to_string(source).unwrap().lines() {
            if let Some(rest) = line.strip_prefix("impl") {
                let rest = rest.trim_start_matches("<'a>").trim_start();
                of = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            }
            let Some(rest) = line.strip_prefix("    pub fn ") else { continue };
            let name: String = rest.chars().take_while(|sign| sign.is_ascii_alphanumeric() || *sign == '_').collect();
            // The desk hands out the services.
            if of != "Desk" {
                found.insert(format!("{of}::{name}"));
            }
        }
    }
    assert!(found.len() > 100 && found.contains("Inventory::add"), "{found:?}");
    found
}

/// `service.rs` and the files of `service/`, of every noun.
fn services(folder: &Path) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources.extend(services(&path));
        } else if path.file_name().is_some_and(|name| name == "service.rs")
            || path.parent().is_some_and(|parent| parent.ends_with("service"))
        {
            sources.push(path);
        }
    }
    sources
}
