//! `jpauto photo`: the pictures of a vehicle or of a submission. What is deliberately not here: what a photo may be, and the storage
//! as a whole, which is `storage`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jpauto::{
    Desk, ErrorCode, ErrorKind, FieldError, VehicleId,
    storage::{NewUpload, Photo, PhotoOwner, Photos, Storage},
};
use serde_json::json;

use crate::{
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, Output, Row, Tone},
    source, vehicle,
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  jpauto photo add 4T1B11HK9KU211111 front.jpg side.jpg     made smaller, upright, and without the place where they were taken
  jpauto photo list 4T1B11HK9KU211111
  jpauto photo order 4T1B11HK9KU211111 ID ID ID             all of them, the foremost first
  jpauto photo thumbnail 4T1B11HK9KU211111 ID               what lists and feeds show first
  jpauto photo remove 4T1B11HK9KU211111 ID
  jpauto photo list --submission 01890a5d                   of a customer's submission

Photos are kept in a folder or in a bucket of S3 or R2: the section [storage] of the configuration says where. A JPEG, PNG or WebP of up \
to 20 MB becomes a JPEG of at most 2,000 pixels a side, and a small one of 400. A HEIC photo of an iPhone must be made a JPEG first.";

/// What to do with photos.
#[derive(Debug, Subcommand)]
pub(crate) enum PhotoCommand {
    /// List the pictures, the foremost first
    List {
        #[command(flatten)]
        owner: Owner,
    },
    /// Add pictures behind the others; a file that cannot be added keeps none of the others out
    Add {
        #[command(flatten)]
        owner: Owner,
        /// JPEG, PNG or WebP files; `-` is standard input
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
    /// Put the pictures into another order
    Order {
        #[command(flatten)]
        owner: Owner,
        /// The ids of all pictures, the foremost first
        #[arg(value_name = "PHOTO", required = true)]
        photos: Vec<String>,
    },
    /// Choose the main picture of a vehicle
    Thumbnail {
        /// The vehicle: its id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
        /// The id of the picture
        #[arg(value_name = "PHOTO")]
        photo: String,
    },
    /// Remove pictures
    Remove {
        #[command(flatten)]
        owner: Owner,
        /// The ids of the pictures
        #[arg(value_name = "PHOTO", required = true)]
        photos: Vec<String>,
    },
    /// Have an upload signed: an address that takes one file, for a program that sends it
    Sign {
        #[command(flatten)]
        owner: Owner,
        /// The type of the file, such as `image/jpeg`
        #[arg(long = "type", value_name = "TYPE")]
        content_type: String,
        /// The size of the file in bytes
        #[arg(long, value_name = "BYTES")]
        length: u64,
    },
    /// Attach what was uploaded to a signed address
    Attach {
        #[command(flatten)]
        owner: Owner,
        /// The key of the signed upload
        #[arg(value_name = "KEY")]
        key: String,
    },
}

/// Whose pictures.
#[derive(Args, Debug)]
pub(crate) struct Owner {
    /// The vehicle: its id, VIN or stock number, or the beginning of one; with --submission the submission
    #[arg(value_name = "VEHICLE")]
    name: String,
    /// It is a submission that is named
    #[arg(long)]
    submission: bool,
}

impl Owner {
    fn find(&self, desk: &Desk) -> Result<PhotoOwner, Failure> {
        Ok(match self.submission {
            true => desk.submissions().find(&self.name)?.id.into(),
            false => vehicle::find(desk, &self.name)?.vehicle.id.into(),
        })
    }
}

/// A file that is larger is read by nobody. The library says how large a photo may be.
const FILE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Does it.
pub(crate) fn run(command: PhotoCommand, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let storage = desk.storage();
    let output = &mut context.output;
    match command {
        PhotoCommand::List { owner } => show(&storage.list(owner.find(&desk)?)?, output),
        PhotoCommand::Add { owner, files } => {
            let owner = owner.find(&desk)?;
            let refusals = add(storage, owner, &files);
            if not_added(&refusals) < files.len() {
                show(&storage.list(owner)?, output)?;
            }
            told(refusals, files.len()).map_or(Ok(()), Err)
        }
        PhotoCommand::Order { owner, photos } => show(&storage.reorder(owner.find(&desk)?, &photos)?, output),
        PhotoCommand::Thumbnail { vehicle, photo } => {
            let id: VehicleId = vehicle::find(&desk, &vehicle)?.vehicle.id;
            show(&storage.choose_thumbnail(id, &photo)?, output)
        }
        PhotoCommand::Remove { owner, photos } => {
            let owner = owner.find(&desk)?;
            for photo in &photos {
                storage.remove(owner, photo)?;
            }
            show(&storage.list(owner)?, output)
        }
        PhotoCommand::Sign { owner, content_type, length } => {
            let upload = NewUpload { content_type, content_length: length };
            output.item(&storage.sign_upload(owner.find(&desk)?, &upload)?)
        }
        PhotoCommand::Attach { owner, key } => output.item(&storage.attach(owner.find(&desk)?, &key)?),
    }
}

/// Why some files were not added.
struct Refusal {
    code: ErrorCode,
    message: String,
    fields: Vec<FieldError>,
    files: Vec<String>,
}

impl Refusal {
    /// What it says of its files. A file that cannot be read is named by the failure itself.
    fn sentence(&self) -> String {
        let named = self.files.iter().all(|file| self.message.contains(file));
        if named { self.message.clone() } else { format!("{}: {}", self.files.join(", "), self.message) }
    }
}

/// Adds each file that can be added, and answers why the others were not: each reason once. Where there is no place for photos at this
/// moment, the rest is not tried.
fn add(storage: Storage<'_>, owner: PhotoOwner, files: &[PathBuf]) -> Vec<Refusal> {
    let name = |file: &PathBuf| file.display().to_string();
    let mut refusals: Vec<Refusal> = Vec::new();
    for (place, file) in files.iter().enumerate() {
        let added = source::read_whole(file, FILE_BYTES_MAX).and_then(|bytes| Ok(storage.add(owner, &bytes)?));
        let Err(failure) = added else { continue };
        let (code, message, fields) = failure.told();
        let is_of_all = matches!(code.kind(), ErrorKind::Unavailable | ErrorKind::Misconfigured);
        let not_added = if is_of_all { &files[place..] } else { &files[place..=place] };
        let not_added = not_added.iter().map(name);
        match refusals.iter_mut().find(|known| known.code == code && known.message == message) {
            Some(known) => known.files.extend(not_added),
            None => refusals.push(Refusal { code, message, fields: fields.to_vec(), files: not_added.collect() }),
        }
        if is_of_all {
            break;
        }
    }
    refusals
}

fn not_added(refusals: &[Refusal]) -> usize {
    refusals.iter().map(|refusal| refusal.files.len()).sum()
}

/// What is said of the files that were not added, beside how many were. The code is that of the first.
fn told(refusals: Vec<Refusal>, files: usize) -> Option<Failure> {
    let code = refusals.first()?.code;
    let sentences: Vec<_> = refusals.iter().map(Refusal::sentence).collect();
    let added = files - not_added(&refusals);
    if files > 1 {
        let message = format!("{added} of {files} files were added, and these were not: {}", sentences.join("; "));
        return Some(Failure::new(code, message));
    }
    let fields = refusals.into_iter().flat_map(|refusal| refusal.fields).collect();
    Some(Failure::Own { code, message: sentences.concat(), fields })
}

fn show(photos: &Photos, output: &mut Output) -> Result<(), Failure> {
    match output.format() {
        Format::Table => output.table(&photos.items),
        Format::Json => output.json(&json!({"items": photos.items, "next": null})),
        Format::Jsonl => photos.items.iter().try_for_each(|photo| output.json_line(photo)),
    }
}

impl Row for Photo {
    const COLUMNS: &'static [Column] =
        &[Column::text("Main"), Column::text("Kept"), Column::text("Id"), Column::text("Address").spare(1)];

    fn cells(&self) -> Vec<Cell> {
        let place = if self.is_stored { "here" } else { "elsewhere" };
        vec![
            Cell::new(if self.is_thumbnail { "main" } else { "" }).tone(Tone::Good),
            place.into(),
            self.id.as_str().into(),
            Cell::new(self.url.as_str()).tone(Tone::Faint),
        ]
    }
}
