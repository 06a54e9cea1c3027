//! A mail server on loopback: it speaks SMTP as far as a client needs it, with TLS from the first byte, after STARTTLS or not at all,
//! and keeps what it is sent.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

/// How a server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Tls {
    #[default]
    None,
    Starttls,
    Implicit,
}

/// What a server answers otherwise than usual.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    pub(crate) tls: Tls,
    /// The login that it wants.
    pub(crate) login: Option<(&'static str, &'static str)>,
    /// What it says to each receiver.
    pub(crate) to_receivers: Option<&'static str>,
    /// The receiver whom it does not know.
    pub(crate) unknown: Option<&'static str>,
    /// The receiver whose mailbox is full.
    pub(crate) full: Option<&'static str>,
    /// The receiver at whom it hangs up.
    pub(crate) broken: Option<&'static str>,
    /// How long it says nothing at first.
    pub(crate) wait: Duration,
}

/// A mail as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) text: String,
    pub(crate) was_encrypted: bool,
    pub(crate) login: Option<String>,
}

impl Mail {
    pub(crate) fn header(&self, name: &str) -> String {
        let (head, _) = self.text.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let start = format!("{name}: ");
        unfolded.lines().find_map(|line| line.strip_prefix(&start).map(ToOwned::to_owned)).unwrap_or_default()
    }

    /// The parts with their encodings undone, each after its type.
    pub(crate) fn parts(&self) -> Vec<(String, String)> {
        let kind = self.header("Content-Type");
        let boundary = kind.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
        let (start, end) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"));
        let parts = self.text.split(&start).skip(1);
        let part = |part: &str| {
            let inner = Self { text: part.to_owned(), ..Self::default() };
            let body = part.split_once("\r\n\r\n").unwrap().1.split(&end).next().unwrap();
            let bytes = match inner.header("Content-Transfer-Encoding").as_str() {
                "base64" => BASE64.decode(body.replace("\r\n", "")).unwrap(),
                "quoted-printable" => unquoted(body),
                _ => body.as_bytes().to_vec(),
            };
            (inner.header("Content-Type"), String::from_utf8(bytes).unwrap())
        };
        parts.map(part).collect()
    }
}

fn unquoted(text: &str) -> Vec<u8> {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'=' => {
                let code = String::from_utf8(rest.by_ref().take(2).collect()).unwrap();
                bytes.push(u8::from_str_radix(&code, 16).unwrap());
            }
            byte => bytes.push(byte),
        }
    }
    bytes
}

pub(crate) fn certificate(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/notifications/certificates").join(name)
}

pub(crate) struct MailServer {
    pub(crate) port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl MailServer {
    pub(crate) fn open(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails: Arc<Mutex<Vec<Mail>>> = Arc::default();
        let kept = Arc::clone(&mails);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || greet(stream, manner, &kept));
            }
        });
        Self { port, mails }
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }
}

fn encrypted(stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    let chain = vec![CertificateDer::from_pem_file(certificate("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(certificate("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
}

fn greet(stream: TcpStream, manner: Manner, kept: &Mutex<Vec<Mail>>) {
    thread::sleep(manner.wait);
    // A client that breaks off ends its thread here.
    let _ = match manner.tls {
        Tls::Implicit => talk(encrypted(stream), manner, kept, true),
        _ => talk(stream, manner, kept, false),
    };
}

/// A connection that begins in the clear can become TLS.
trait Line: Read + Write + Send {
    fn into_encrypted(self) -> Option<StreamOwned<ServerConnection, TcpStream>>;
}

impl Line for TcpStream {
    fn into_encrypted(self) -> Option<StreamOwned<ServerConnection, TcpStream>> {
        Some(encrypted(self))
    }
}

impl Line for StreamOwned<ServerConnection, TcpStream> {
    fn into_encrypted(self) -> Option<StreamOwned<ServerConnection, TcpStream>> {
        None
    }
}

fn talk(line: impl Line, manner: Manner, kept: &Mutex<Vec<Mail>>, encrypted: bool) -> std::io::Result<()> {
    let mut line = BufReader::new(line);
    if !(encrypted && manner.tls == Tls::Starttls) {
        line.get_mut().write_all(b"220 mail.example ESMTP\r\n")?;
    }
    let mut mail = Mail { was_encrypted: encrypted, ..Mail::default() };
    loop {
        let mut said = String::new();
        if line.read_line(&mut said)? == 0 {
            return Ok(());
        }
        let said = said.trim_end();
        let answer = match said.split(' ').next().unwrap().to_ascii_uppercase().as_str() {
            "EHLO" => {
                let starttls = if manner.tls == Tls::Starttls && !encrypted { "250-STARTTLS\r\n" } else { "" };
                let login = if manner.login.is_some() { "250-AUTH PLAIN\r\n" } else { "" };
                format!("250-mail.example\r\n{starttls}{login}250 8BITMIME")
            }
            "STARTTLS" => {
                line.get_mut().write_all(b"220 go ahead\r\n")?;
                return match line.into_inner().into_encrypted() {
                    Some(encrypted) => talk(encrypted, manner, kept, true),
                    None => Ok(()),
                };
            }
            "AUTH" => {
                let given = BASE64.decode(said.rsplit(' ').next().unwrap()).unwrap();
                let wanted = manner.login.map(|(user, password)| format!("\0{user}\0{password}"));
                if wanted.is_some_and(|wanted| wanted.as_bytes() == given) {
                    mail.login = manner.login.map(|(user, _)| user.to_owned());
                    "235 welcome".to_owned()
                } else {
                    "535 5.7.8 wrong user or password".to_owned()
                }
            }
            "MAIL" if manner.login.is_some() && mail.login.is_none() => "530 log in first".to_owned(),
            "MAIL" => {
                said.clone_into(&mut mail.from);
                "250 ok".to_owned()
            }
            "RCPT" if manner.unknown.is_some_and(|unknown| said.contains(unknown)) => {
                "550 5.1.1 nobody here".to_owned()
            }
            "RCPT" if manner.broken.is_some_and(|broken| said.contains(broken)) => return Ok(()),
            "RCPT" if manner.full.is_some_and(|full| said.contains(full)) => "452 4.2.2 mailbox full".to_owned(),
            "RCPT" => {
                mail.to.push(said.to_owned());
                manner.to_receivers.unwrap_or("250 ok").to_owned()
            }
            "DATA" => {
                line.get_mut().write_all(b"354 go on\r\n")?;
                loop {
                    let mut text = String::new();
                    if line.read_line(&mut text)? == 0 {
                        return Ok(());
                    }
                    if text == ".\r\n" {
                        break;
                    }
                    mail.text.push_str(text.strip_prefix('.').filter(|rest| rest.starts_with('.')).unwrap_or(&text));
                }
                kept.lock().unwrap().push(mail.clone());
                "250 queued as 7".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        line.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
    }
}
