//! The path of a feed on a server of files, as its address says it.

use url::Url;

use super::not_spoken_to;
use crate::error::Result;

/// How the name of a feed ends until it is whole. The name is the same for each run, so that a run that was killed leaves one file
/// at most, and the next one writes over it.
const UNFINISHED: &str = ".part";

/// A file on a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RemoteFile {
    path: String,
}

impl RemoteFile {
    /// The path of the address, decoded.
    ///
    /// # Errors
    /// `invalid_destination` for an address without a file, and for signs that no path has.
    pub(super) fn of(url: &Url) -> Result<Self> {
        let path = decoded(url.path()).ok_or_else(|| not_spoken_to("its path is no text"))?;
        if path.chars().any(char::is_control) {
            return Err(not_spoken_to("its path has signs that are none of a path"));
        }
        if path.is_empty() || path.ends_with('/') {
            return Err(not_spoken_to("it names no file"));
        }
        Ok(Self { path })
    }

    /// From the root of the server, or from the home folder where the address says `/~/`.
    #[cfg(feature = "sftp")]
    pub(super) fn rooted(&self) -> String {
        self.path.strip_prefix("/~/").unwrap_or(&self.path).to_owned()
    }

    /// From the folder in which a login begins, or from the root where the address has two slashes.
    pub(super) fn below_login(&self) -> String {
        self.path.strip_prefix("/~/").or_else(|| self.path.strip_prefix('/')).unwrap_or(&self.path).to_owned()
    }
}

/// The name of a file until it is whole.
pub(super) fn unfinished(path: &str) -> String {
    format!("{path}{UNFINISHED}")
}

/// The name of the file before while the next one takes its place, where a server does not do that in one step.
pub(super) fn aside(path: &str) -> String {
    format!("{path}.old")
}

/// The path with `%20` and the like read as what they stand for.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_the_file_is() {
        for (address, rooted, below_login) in [
            ("sftp://h.example/in/feed.csv", "/in/feed.csv", "in/feed.csv"),
            ("sftp://h.example/~/feed.csv", "feed.csv", "feed.csv"),
            ("ftp://h.example//srv/feed.csv", "//srv/feed.csv", "/srv/feed.csv"),
            ("ftps://h.example/a%20b/%C3%A9.csv", "/a b/é.csv", "a b/é.csv"),
            ("ftps://h.example/100%.csv", "/100%.csv", "100%.csv"),
        ] {
            let file = RemoteFile::of(&Url::parse(address).unwrap()).unwrap();
            #[cfg(feature = "sftp")]
            assert_eq!(file.rooted(), rooted, "{address}");
            let _ = rooted;
            assert_eq!(file.below_login(), below_login, "{address}");
        }
        for address in
            ["ftp://h.example/", "sftp://h.example", "ftp://h.example/a%0D%0ADELE%20b", "ftp://h.example/%FF"]
        {
            let refused = RemoteFile::of(&Url::parse(address).unwrap()).unwrap_err();
            assert_eq!(refused.code(), "invalid_destination", "{address}");
        }
    }
}
