//! How a text file writes its characters, found in its bytes, and a reader that turns them into UTF-8.
//!
//! A byte order mark decides. Without one a text that is valid UTF-8 is UTF-8, and one that has no character of UTF-8 beyond
//! ASCII at all is Windows-1252. A text that is partly the one and partly the other has no right reading and is refused.

use std::io::{self, BufRead as _, BufReader, Read};

use super::{Lines, SheetEncoding, SheetFile, SheetLimits, limits::in_words, unreadable};
use crate::error::Result;

const BUFFER_BYTES: usize = 64 * 1024;

/// Bytes that Windows-1252 has no character for.
const UNDEFINED: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/// Reads the file once and says how it is encoded.
pub(super) fn detect(file: &SheetFile, limits: &SheetLimits) -> Result<SheetEncoding> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, file.open()?);
    let start = reader.fill_buf().map_err(|reason| file.broken(reason))?;
    if [b"\xff\xfe\0\0", b"\0\0\xfe\xff"].iter().any(|mark| start.starts_with(*mark)) {
        return Err(unreadable(format!("{} is UTF-32, which is not read: save it as UTF-8", file.name())));
    }
    if start.starts_with(b"\xff\xfe") {
        return Ok(SheetEncoding::Utf16Le);
    }
    if start.starts_with(b"\xfe\xff") {
        return Ok(SheetEncoding::Utf16Be);
    }
    let has_mark = start.starts_with(b"\xef\xbb\xbf");
    let mut survey = Survey::default();
    let (mut bytes, mut longest) = (0, 0);
    loop {
        let chunk = reader.fill_buf().map_err(|reason| file.broken(reason))?;
        if chunk.is_empty() {
            break;
        }
        survey.look_at(chunk);
        let length = chunk.len();
        // A row has the length of its line at least, and a file with a NUL is no text: what follows changes nothing.
        longest = match memchr::memrchr2(b'\n', b'\r', chunk) {
            Some(end) => (length - end) as u64,
            None => longest + length as u64,
        };
        if survey.nul.is_some() {
            break;
        }
        if longest > limits.row_bytes + length as u64 {
            return Err(row_too_long(survey.lines.line, limits));
        }
        reader.consume(length);
        bytes += length as u64;
        if bytes > limits.text_bytes {
            return Err(file.too_large(limits.text_bytes));
        }
    }
    survey.verdict(has_mark)
}

/// What the bytes of a file say about its encoding; each fact is the line on which it was seen first.
struct Survey {
    lines: Lines,
    /// The end of a chunk that may be the beginning of a character.
    rest: Vec<u8>,
    nul: Option<u64>,
    valid: Option<u64>,
    invalid: Option<u64>,
    undefined: Option<(u64, u8)>,
}

impl Default for Survey {
    fn default() -> Self {
        Self { lines: Lines::FIRST, rest: Vec::new(), nul: None, valid: None, invalid: None, undefined: None }
    }
}

impl Survey {
    fn look_at(&mut self, chunk: &[u8]) {
        if chunk.is_ascii() && self.rest.is_empty() && !chunk.contains(&0) {
            self.lines.pass(chunk);
            return;
        }
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend_from_slice(chunk);
        let mut left = &bytes[..];
        while !left.is_empty() {
            let (valid, broken) = match std::str::from_utf8(left) {
                Ok(_) => (left.len(), 0),
                Err(fault) if fault.error_len().is_none() => (fault.valid_up_to(), 0),
                Err(fault) => (fault.valid_up_to(), fault.error_len().unwrap_or(1)),
            };
            self.look_at_valid(&left[..valid]);
            if broken == 0 {
                self.rest = left[valid..].to_vec();
                break;
            }
            self.invalid = self.invalid.or(Some(self.lines.line));
            let undefined = left[valid..valid + broken].iter().find(|byte| UNDEFINED.contains(byte));
            self.undefined = self.undefined.or(undefined.map(|byte| (self.lines.line, *byte)));
            left = &left[valid + broken..];
        }
    }

    fn look_at_valid(&mut self, text: &[u8]) {
        let lines = self.lines;
        let line_of = |at: usize| lines.behind(&text[..at]);
        if self.nul.is_none() {
            self.nul = memchr::memchr(0, text).map(line_of);
        }
        if self.valid.is_none() && !text.is_ascii() {
            // A byte order mark is no character.
            let marked = usize::from(text.starts_with(b"\xef\xbb\xbf")) * 3;
            self.valid = text.iter().skip(marked).position(|byte| !byte.is_ascii()).map(|at| line_of(at + marked));
        }
        self.lines.pass(text);
    }

    fn verdict(self, has_mark: bool) -> Result<SheetEncoding> {
        let invalid = self.invalid.or((!self.rest.is_empty()).then_some(self.lines.line));
        if let Some(line) = self.nul {
            let message =
                "holds a NUL character: it is no text, or UTF-16 without a byte order mark; save it as CSV UTF-8";
            return Err(unreadable(format!("line {line} {message}")));
        }
        match (invalid, self.valid, self.undefined) {
            (None, ..) => Ok(SheetEncoding::Utf8),
            (Some(line), _, _) if has_mark => {
                Err(unreadable(format!("line {line} is not UTF-8, as the file says that it is")))
            }
            (Some(line), Some(other), _) => Err(unreadable(format!(
                "line {line} is not UTF-8, but line {other} is: the file mixes encodings; save it anew as CSV UTF-8"
            ))),
            (Some(_), None, Some((line, byte))) => Err(unreadable(format!(
                "line {line} holds the byte {byte:#04x}, which is neither UTF-8 nor Windows-1252: save it as CSV UTF-8"
            ))),
            (Some(_), None, None) => Ok(SheetEncoding::Windows1252),
        }
    }
}

/// The message about a row that has too many bytes.
pub(super) fn row_too_long(line: u64, limits: &SheetLimits) -> crate::error::Error {
    unreadable(format!(
        "the row that begins on line {line} is longer than {}: a quotation mark may be missing",
        in_words(limits.row_bytes)
    ))
}

/// Reads UTF-8 of a file in any of the encodings.
pub(super) struct Decoded<'f> {
    source: Box<dyn super::file::Seekable + 'f>,
    decoder: encoding_rs::Decoder,
    read: Vec<u8>,
    decoded: String,
    at: usize,
    has_ended: bool,
}

impl<'f> Decoded<'f> {
    pub(super) fn new(file: &'f SheetFile, encoding: SheetEncoding) -> Result<Self> {
        let encoding = match encoding {
            SheetEncoding::Utf8 => encoding_rs::UTF_8,
            SheetEncoding::Utf16Le => encoding_rs::UTF_16LE,
            SheetEncoding::Utf16Be => encoding_rs::UTF_16BE,
            SheetEncoding::Windows1252 => encoding_rs::WINDOWS_1252,
        };
        Ok(Self {
            source: file.open()?,
            decoder: encoding.new_decoder_with_bom_removal(),
            read: vec![0; BUFFER_BYTES / 2],
            decoded: String::new(),
            at: 0,
            has_ended: false,
        })
    }

    fn refill(&mut self) -> io::Result<()> {
        let count = self.source.read(&mut self.read)?;
        self.has_ended = count == 0;
        self.decoded.clear();
        self.at = 0;
        let room = self.decoder.max_utf8_buffer_length(count).unwrap_or(BUFFER_BYTES * 2);
        self.decoded.reserve(room);
        let (_, _, had_faults) = self.decoder.decode_to_string(&self.read[..count], &mut self.decoded, self.has_ended);
        if had_faults {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a character cannot be decoded"));
        }
        Ok(())
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.decoded.len() {
            if self.has_ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let ready = &self.decoded.as_bytes()[self.at..];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(bytes: &[u8]) -> Result<SheetEncoding, String> {
        let file = SheetFile::from_bytes("stock.csv", bytes);
        detect(&file, &SheetLimits::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_encoding_is_found_in_the_bytes() {
        assert_eq!(detected(b"VIN,Colour\n1,red\n"), Ok(SheetEncoding::Utf8));
        assert_eq!(detected("VIN,Couleur\n1,argenté\n".as_bytes()), Ok(SheetEncoding::Utf8));
        assert_eq!(detected(b"\xef\xbb\xbfVIN\n"), Ok(SheetEncoding::Utf8));
        assert_eq!(detected(b"\xff\xfeV\0"), Ok(SheetEncoding::Utf16Le));
        assert_eq!(detected(b"\xfe\xff\0V"), Ok(SheetEncoding::Utf16Be));
        assert_eq!(detected(b"VIN,Couleur\n1,argent\xe9\n"), Ok(SheetEncoding::Windows1252));
        assert_eq!(detected(b"VIN,Couleur\n1,argent\xe9"), Ok(SheetEncoding::Windows1252), "cut where UTF-8 goes on");
        for (bytes, told) in [
            (&b"V\0I\0N\0"[..], "line 1 holds a NUL"),
            (b"a\nb\n\xc3\xa9\n\xe9 \n", "line 4 is not UTF-8, but line 3 is"),
            (b"\xef\xbb\xbfa\n\xe9 \n", "line 2 is not UTF-8, as the file says"),
            (b"a\n\x81 \n", "line 2 holds the byte 0x81"),
        ] {
            let refusal = detected(bytes).unwrap_err();
            assert!(refusal.contains(told), "{refusal}");
        }
    }

    #[test]
    fn a_character_may_stand_on_the_border_of_two_chunks() {
        let text = format!("{}é\n", "a".repeat(BUFFER_BYTES - 1));
        assert_eq!(detected(text.as_bytes()), Ok(SheetEncoding::Utf8));
        let mut survey = Survey::default();
        for byte in "1\né\n€".bytes() {
            survey.look_at(&[byte]);
        }
        assert_eq!((survey.valid, survey.invalid, survey.lines.line), (Some(2), None, 3));
    }

    #[test]
    fn every_encoding_reads_as_the_same_text() {
        let text = "VIN,Prix\n1,12 €\n";
        let utf_16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        for bytes in
            [text.as_bytes().to_vec(), utf_16, big, text.replace('€', "\u{80}").chars().map(|it| it as u8).collect()]
        {
            let file = SheetFile::from_bytes("stock.csv", bytes);
            let limits = SheetLimits::default();
            let encoding = detect(&file, &limits).unwrap();
            let mut read = String::new();
            Decoded::new(&file, encoding).unwrap().read_to_string(&mut read).unwrap();
            assert_eq!(read, text, "{encoding:?}");
        }
    }
}
