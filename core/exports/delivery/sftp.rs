//! SFTP, to a server whose key is known beforehand.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use ssh2::{
    CheckResult, ErrorCode as Cause, KeyboardInteractivePrompt, KnownHostFileKind, MethodType, OpenFlags, OpenType,
    Prompt, Session, Sftp,
};

use super::{
    Failed, Parcel, failed, in_one_line, not_taken,
    remote_file::{RemoteFile, aside, unfinished},
    route::{self, Watch},
    shown,
};
use crate::{
    error::{Error, ErrorCode, Result},
    exports::snapshot::not_written,
    secret::sha256,
};

/// So much is read at once.
const BUFFER: usize = 256 * 1024;

/// A server has a key of each kind and shows the one that is asked for. None means libssh2's own order; the others are asked for
/// where it shows a key that is not known that way.
const KINDS: [Option<&str>; 4] = [
    None,
    Some("ssh-ed25519"),
    Some("ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"),
    Some("rsa-sha2-512,rsa-sha2-256"),
];

/// libssh2's words for a login that is refused: the server does not take it, or the private key is none.
const NOT_LET_IN: [i32; 3] = [-16, -18, -19];

/// SFTP's words for a connection that is gone.
const GONE: [i32; 2] = [6, 7];

/// Sends the file under a temporary name, renames it, and answers who took it.
pub(super) fn upload(parcel: &Parcel<'_>) -> Result<String, Failed> {
    let watch = Watch::begin(parcel.patience.attempt).map_err(|reason| Failed::for_good(not_written(reason)))?;
    let said = |failure: ssh2::Error| failure_of(parcel, failure);
    let path = RemoteFile::of(parcel.url).map_err(Failed::for_good)?.rooted();
    let temporary = unfinished(&path);
    let session = reach(parcel, &watch)?;
    sign_in(parcel, &session)?;
    let sftp = session.sftp().map_err(said)?;
    let sent = send(parcel, &sftp, Path::new(&temporary));
    let sent = sent.and_then(|length| rename(&sftp, &temporary, &path).map_err(said).map(|()| length));
    if sent.is_err() {
        // The next run writes over it, where this does not help.
        let _ = sftp.unlink(Path::new(&temporary));
    }
    let length = sent?;
    let server = in_one_line(session.banner().unwrap_or("the server").as_bytes());
    Ok(format!("{server} has {length} bytes as {path}"))
}

/// Connects to the server, if it is the one that is known.
fn reach(parcel: &Parcel<'_>, watch: &Watch) -> Result<Session, Failed> {
    let mut first_refusal = None;
    for kind in KINDS {
        let route = route::connect(parcel, watch)?;
        let mut session = Session::new().map_err(|failure| failure_of(parcel, failure))?;
        session.set_timeout(u32::try_from(parcel.patience.answer.as_millis()).unwrap_or(u32::MAX));
        if let Some(kind) = kind {
            session.method_pref(MethodType::HostKey, kind).map_err(|failure| failure_of(parcel, failure))?;
        }
        session.set_tcp_stream(route.stream);
        match session.handshake() {
            Ok(()) => {}
            // It has no key of this kind, or is gone meanwhile: what was shown before is what counts.
            Err(_) if first_refusal.is_some() => continue,
            Err(failure) => return Err(failure_of(parcel, failure)),
        }
        match ensure_known(parcel, &session, &route.host, route.port) {
            Ok(()) => return Ok(session),
            Err(refusal) if refusal.code() == ErrorCode::UnknownHostKey.as_str() => {
                first_refusal.get_or_insert(refusal);
            }
            Err(other) => return Err(Failed::for_good(other)),
        }
    }
    let unasked = || failed(format!("{} did not show its key", shown(parcel.url)));
    Err(Failed::for_good(first_refusal.unwrap_or_else(unasked)))
}

/// # Errors
/// `unknown_host_key`; `not_configured` for a file of known servers that cannot be read.
fn ensure_known(parcel: &Parcel<'_>, session: &Session, host: &str, port: u16) -> Result<()> {
    let Some((key, _)) = session.host_key() else {
        return Err(failed(format!("{} has no key", shown(parcel.url))));
    };
    let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(sha256(key)));
    let add = format!("if that is right, set host_key = \"{fingerprint}\" in the feed's login");
    let refuse = |why: &str| {
        let message = format!("{} shows the key {fingerprint}, {why}: {add}", shown(parcel.url));
        Err(Error::new(ErrorCode::UnknownHostKey, message))
    };
    if let Some(pinned) = &parcel.login.host_key {
        return if is_pinned(pinned, key, &fingerprint) { Ok(()) } else { refuse("which is not its host_key") };
    }
    let Some(file) = &parcel.login.known_hosts_file else { return refuse("which is not known") };
    let unreadable = |reason: ssh2::Error| {
        let message = format!("the known servers in {} cannot be read: {}", file.display(), reason.message());
        Error::new(ErrorCode::NotConfigured, message)
    };
    let mut known = session.known_hosts().map_err(unreadable)?;
    known.read_file(file, KnownHostFileKind::OpenSSH).map_err(unreadable)?;
    match known.check_port(host, port, key) {
        CheckResult::Match => Ok(()),
        CheckResult::Mismatch => refuse(&format!("but {} has another one for it", file.display())),
        CheckResult::NotFound | CheckResult::Failure => refuse(&format!("which is not in {}", file.display())),
    }
}

/// Whether the key is one of those that were pinned, as fingerprints or whole.
fn is_pinned(pinned: &str, key: &[u8], fingerprint: &str) -> bool {
    pinned.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty()).any(|word| {
        word.trim_end_matches('=') == fingerprint || STANDARD.decode(word).is_ok_and(|decoded| decoded == key)
    })
}

fn sign_in(parcel: &Parcel<'_>, session: &Session) -> Result<(), Failed> {
    let login = parcel.login;
    let user = login.user();
    let outcome = match (&login.key_file, &login.password) {
        (Some(path), _) => {
            let key = fs::read_to_string(path).map_err(|reason| {
                let message = format!("the key in {} cannot be read: {reason}", path.display());
                Failed::for_good(Error::new(ErrorCode::NotConfigured, message).with_source(reason))
            })?;
            session.userauth_pubkey_memory(user, None, &key, login.key_passphrase.as_deref())
        }
        (None, Some(password)) => {
            let methods = session.auth_methods(user).unwrap_or_default();
            let is_asked = methods.contains("keyboard-interactive") && !methods.split(',').any(|it| it == "password");
            if is_asked {
                session.userauth_keyboard_interactive(user, &mut Answers(password))
            } else {
                session.userauth_password(user, password)
            }
        }
        (None, None) => return Ok(()),
    };
    outcome.map_err(|failure| failure_of(parcel, failure))
}

/// Answers the password, whatever is asked.
struct Answers<'p>(&'p str);

impl KeyboardInteractivePrompt for Answers<'_> {
    fn prompt(&mut self, _: &str, _: &str, prompts: &[Prompt<'_>]) -> Vec<String> {
        prompts.iter().map(|_| self.0.to_owned()).collect()
    }
}

/// Writes the file there, and answers its length.
fn send(parcel: &Parcel<'_>, sftp: &Sftp, temporary: &Path) -> Result<u64, Failed> {
    let said = |failure: ssh2::Error| failure_of(parcel, failure);
    let own = |reason: io::Error| Failed::for_good(not_written(reason));
    let mut file = fs::File::open(parcel.file).map_err(own)?;
    let length = file.metadata().map_err(own)?.len();
    let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
    let mut remote = sftp.open_mode(temporary, flags, 0o644, OpenType::File).map_err(said)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = file.read(&mut buffer).map_err(own)?;
        if count == 0 {
            break;
        }
        remote.write_all(&buffer[..count]).map_err(|reason| {
            let message = format!("{} did not take the feed: {reason}", shown(parcel.url));
            Failed::for_now(failed(message).with_source(reason))
        })?;
    }
    // Not every server can be told to wait for its disk.
    let _ = remote.fsync();
    remote.close().map_err(said)?;
    let size = sftp.stat(temporary).map_err(said)?.size;
    if size.is_some_and(|size| size != length) {
        let message = format!("{} has {} of {length} bytes of the feed", shown(parcel.url), size.unwrap_or_default());
        return Err(Failed::for_now(failed(message)));
    }
    Ok(length)
}

/// Puts the file in the place of the one before. SFTP of version 3, which nearly all servers speak, renames onto nothing: the one
/// before is moved aside for a moment, and back again if this one does not come to its place.
fn rename(sftp: &Sftp, temporary: &str, path: &str) -> Result<(), ssh2::Error> {
    let aside = aside(path);
    let (temporary, path, aside) = (Path::new(temporary), Path::new(path), Path::new(&aside));
    let refusal = match sftp.rename(temporary, path, None) {
        Err(refusal) if matches!(refusal.code(), Cause::SFTP(_)) => refusal,
        outcome => return outcome,
    };
    let is_feed = sftp.lstat(path).is_ok_and(|found| found.is_file());
    // A run that was killed may have left one.
    let _ = sftp.unlink(aside);
    if !is_feed || sftp.rename(path, aside, None).is_err() {
        return Err(refusal);
    }
    let outcome = sftp.rename(temporary, path, None);
    let _ = if outcome.is_ok() { sftp.unlink(aside) } else { sftp.rename(aside, path, None) };
    outcome
}

fn failure_of(parcel: &Parcel<'_>, failure: ssh2::Error) -> Failed {
    let said = in_one_line(failure.message().as_bytes());
    let message = format!("{} did not take the feed: {said}", shown(parcel.url));
    match failure.code() {
        Cause::Session(cause) if NOT_LET_IN.contains(&cause) => Failed::for_good(not_taken(message)),
        Cause::SFTP(cause) if !GONE.contains(&cause) => Failed::for_good(not_taken(message)),
        _ => Failed::for_now(failed(message).with_source(failure)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_pinned_by_its_fingerprint_or_whole() {
        let key = b"\0\0\0\x0bssh-ed25519 and thirty-two bytes";
        let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(sha256(key)));
        let whole = STANDARD.encode(key);
        for pinned in [
            fingerprint.clone(),
            format!("{fingerprint}="),
            format!("SHA256:other, {fingerprint}"),
            format!("ssh-ed25519 {whole} us@feeds"),
        ] {
            assert!(is_pinned(&pinned, key, &fingerprint), "{pinned}");
        }
        for pinned in ["", "SHA256:", "ssh-ed25519", &fingerprint[..20], &whole[..24]] {
            assert!(!is_pinned(pinned, key, &fingerprint), "{pinned}");
        }
    }
}
