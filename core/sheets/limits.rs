//! How much of a file is read.

/// How much of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SheetLimits {
    /// The most bytes of a file of text (512 MiB).
    pub text_bytes: u64,
    /// The most bytes of the text of a row (1 MiB).
    pub row_bytes: u64,
    /// The most rows (1,000,000, about as many as a worksheet has).
    pub rows: u64,
    /// The most columns (500).
    pub columns: usize,
    /// The most bytes of a workbook, which is compressed (64 MiB).
    pub workbook_bytes: u64,
    /// The most bytes of a workbook when it is unpacked (512 MiB).
    pub unpacked_bytes: u64,
    /// The most bytes that a workbook's shared texts, styles and merged cells take in memory (256 MiB).
    pub held_bytes: u64,
    /// The most files in a workbook (2,000).
    pub workbook_entries: usize,
    /// The most changes that one transaction writes on SQLite (2,000). A file with more is checked as a whole and then written in
    /// many, so that others can write in between.
    pub planned: usize,
}

impl Default for SheetLimits {
    fn default() -> Self {
        Self {
            text_bytes: 512 * MIB,
            row_bytes: MIB,
            rows: 1_000_000,
            columns: 500,
            workbook_bytes: 64 * MIB,
            unpacked_bytes: 512 * MIB,
            held_bytes: 256 * MIB,
            workbook_entries: 2_000,
            planned: 2_000,
        }
    }
}

const MIB: u64 = 1024 * 1024;

/// `512 MiB`.
pub(super) fn in_words(bytes: u64) -> String {
    if bytes < MIB { format!("{} KiB", bytes / 1024) } else { format!("{} MiB", bytes / MIB) }
}
