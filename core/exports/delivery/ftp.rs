//! FTP, over TLS or where the operator allows it without: passive, a file at a time.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use suppaftp::{FtpError, Mode, RustlsConnector, RustlsFtpStream, Status, types::FileType};

use super::{
    Failed, Parcel, Way, failed, in_one_line, not_taken,
    remote_file::{RemoteFile, aside, unfinished},
    route::{self, Watch},
    shown, trust,
};
use crate::exports::snapshot::not_written;

/// So much is read at once.
const BUFFER: usize = 256 * 1024;

/// Sends the file under a temporary name, renames it, and answers what the server said.
pub(super) fn upload(parcel: &Parcel<'_>) -> Result<String, Failed> {
    let watch = Watch::begin(parcel.patience.attempt).map_err(|reason| Failed::for_good(not_written(reason)))?;
    let said = |failure: FtpError| failure_of(parcel, failure);
    let path = RemoteFile::of(parcel.url).map_err(Failed::for_good)?.below_login();
    let temporary = unfinished(&path);
    let mut ftp = sign_in(parcel, &watch)?;
    ftp.transfer_type(FileType::Binary).map_err(said)?;
    let sent =
        send(parcel, &mut ftp, &temporary, &watch).and_then(|()| rename(&mut ftp, &temporary, &path).map_err(said));
    if sent.is_err() {
        // The next run writes over it, where this does not help.
        let _ = ftp.rm(&temporary);
    }
    let answer = sent?;
    // The feed is in its place; that the server says goodbye is not needed.
    let _ = ftp.quit();
    Ok(answer)
}

fn sign_in(parcel: &Parcel<'_>, watch: &Watch) -> Result<RustlsFtpStream, Failed> {
    let said = |failure: FtpError| failure_of(parcel, failure);
    let route = route::connect(parcel, watch)?;
    let server = route.stream.peer_addr().map_err(|reason| said(FtpError::ConnectionError(reason)))?;
    let (patience, watch, is_encrypted) = (parcel.patience, watch.clone(), parcel.way == Way::Ftps);
    let mut ftp = RustlsFtpStream::connect_with_stream(route.stream).map_err(said)?.passive_stream_builder(
        // The server names a port. It does not name another server, which the guard has not seen.
        move |named: SocketAddr| {
            let data = TcpStream::connect_timeout(&SocketAddr::new(server.ip(), named.port()), patience.connect);
            data.and_then(|data| {
                route::wait_at_most(&data, patience.answer)?;
                // Without TLS the end of the file is the end of the connection, which a second hold on it would put off.
                if is_encrypted {
                    watch.over(&data)?;
                }
                Ok(data)
            })
            .map_err(FtpError::ConnectionError)
        },
    );
    if server.is_ipv6() {
        ftp.set_mode(Mode::ExtendedPassive);
    }
    if parcel.way == Way::Ftps {
        let config = trust::configuration(parcel.login.certificate_file.as_deref()).map_err(Failed::for_good)?;
        ftp = ftp.into_secure(RustlsConnector::from(config), &route.host).map_err(said)?;
    }
    ftp.login(parcel.login.user(), parcel.login.password.as_deref().unwrap_or_default()).map_err(said)?;
    Ok(ftp)
}

fn send(parcel: &Parcel<'_>, ftp: &mut RustlsFtpStream, temporary: &str, watch: &Watch) -> Result<(), Failed> {
    let said = |failure: FtpError| failure_of(parcel, failure);
    let own = |reason: io::Error| Failed::for_good(not_written(reason));
    let mut file = File::open(parcel.file).map_err(own)?;
    let length = file.metadata().map_err(own)?.len();
    let mut transfer = ftp.put_with_stream(temporary).map_err(said)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = file.read(&mut buffer).map_err(own)?;
        if count == 0 {
            break;
        }
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            let written = transfer.write(rest).and_then(|written| match written {
                0 => Err(io::ErrorKind::WriteZero.into()),
                _ if watch.is_over() => Err(io::ErrorKind::TimedOut.into()),
                written => Ok(written),
            });
            rest = &rest[written.map_err(|reason| said(FtpError::ConnectionError(reason)))?..];
        }
    }
    transfer.finish().map_err(said)?;
    match ftp.size(temporary) {
        Ok(size) if size as u64 != length => {
            let message = format!("{} has {size} of {length} bytes of the feed", shown(parcel.url));
            Err(Failed::for_now(failed(message)))
        }
        // Not every server tells the size of a file.
        Ok(_) | Err(FtpError::UnexpectedResponse(_)) => Ok(()),
        Err(failure) => Err(said(failure)),
    }
}

/// Puts the file in the place of the one before. Where a server renames onto nothing, that one is moved aside for a moment, and
/// back again if this one does not come to its place.
fn rename(ftp: &mut RustlsFtpStream, temporary: &str, path: &str) -> Result<String, FtpError> {
    let refusal = match rename_once(ftp, temporary, path) {
        Err(FtpError::UnexpectedResponse(response))
            if matches!(response.status, Status::FileUnavailable | Status::BadFilename) =>
        {
            response
        }
        outcome => return outcome,
    };
    let aside = aside(path);
    // A folder has no size.
    let is_feed = ftp.size(path).is_ok();
    // A run that was killed may have left one.
    let _ = ftp.rm(&aside);
    if !is_feed || rename_once(ftp, path, &aside).is_err() {
        return Err(FtpError::UnexpectedResponse(refusal));
    }
    let outcome = rename_once(ftp, temporary, path);
    let _ = if outcome.is_ok() { ftp.rm(&aside) } else { rename_once(ftp, &aside, path).map(drop) };
    outcome
}

fn rename_once(ftp: &mut RustlsFtpStream, temporary: &str, path: &str) -> Result<String, FtpError> {
    ftp.custom_command(format!("RNFR {temporary}"), &[Status::RequestFilePending])?;
    let taken = [Status::RequestedFileActionOk, Status::CommandOk];
    let response = ftp.custom_command(format!("RNTO {path}"), &taken)?;
    Ok(in_one_line(&response.body))
}

fn failure_of(parcel: &Parcel<'_>, failure: FtpError) -> Failed {
    let message = |reason: &str| format!("{} did not take the feed: {reason}", shown(parcel.url));
    match failure {
        FtpError::UnexpectedResponse(response) => {
            let said = message(&in_one_line(&response.body));
            // RFC 959: a reply that begins with 4 is one for now.
            let is_for_now = (400..500).contains(&response.status.code());
            if is_for_now { Failed::for_now(failed(said)) } else { Failed::for_good(not_taken(said)) }
        }
        FtpError::ConnectionError(reason) => match distrust_of(&reason) {
            Some(distrust) => Failed::for_good(not_taken(message(&format!(
                "its certificate is not trusted ({distrust}); a certificate_file in the login names those that are"
            )))),
            None if matches!(reason.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Failed::for_now(failed(message("it did not answer in time")).with_source(reason))
            }
            None => Failed::for_now(failed(message("the connection failed")).with_source(reason)),
        },
        other => Failed::for_now(failed(message(&in_one_line(other.to_string().as_bytes())))),
    }
}

/// What is wrong with the certificate of the server, where that is what went wrong.
fn distrust_of(reason: &io::Error) -> Option<String> {
    let inner = reason.get_ref()?;
    let found = inner.downcast_ref::<rustls::Error>().or_else(|| inner.source()?.downcast_ref())?;
    matches!(found, rustls::Error::InvalidCertificate(_)).then(|| found.to_string())
}
