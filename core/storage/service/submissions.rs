//! What becomes of the photos of a submission that is turned down or deleted. It follows the transaction that does it, so a process that
//! ends in between leaves them as they are: those of a deleted submission are then orphans.

use std::{collections::HashSet, ops::ControlFlow};

use crate::{
    actor::Permission,
    desk::Desk,
    error::Result,
    inventory::pictures::stored_photo,
    storage::{
        PhotoOwner, PhotoStore,
        key::{self, PhotoNumber},
        repository,
    },
    submissions::Submission,
};

/// Shows the photos of a submission that is turned down to staff alone, but for those that a vehicle has.
pub(crate) fn withhold(desk: &Desk, submission: &Submission) {
    note(withheld(desk, submission), "the photos of a submission that was turned down are still shown");
}

/// Removes the photos of a deleted submission that no other row names, and what was uploaded for it.
pub(crate) fn remove(desk: &Desk, submission: &Submission) {
    note(removed(desk, submission), "photos of a deleted submission were not removed; clean-up will");
}

fn note(outcome: Result<()>, what: &str) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "{what}");
    }
}

fn withheld(desk: &Desk, submission: &Submission) -> Result<()> {
    let Some(place) = desk.find_part::<PhotoStore>().filter(|place| place.store.is_folder()) else { return Ok(()) };
    let numbers = numbers(submission);
    if numbers.is_empty() {
        return Ok(());
    }
    let shown = desk.read(Permission::ReviewSubmissions, repository::named_by_vehicles)?;
    let keys = numbers.into_iter().filter(|number| !shown.contains(&number.0)).flat_map(keys_of);
    let renamed: Vec<_> = keys.map(|key| (key.clone(), key::withheld(&key))).collect();
    place.store.rename(&renamed)
}

fn removed(desk: &Desk, submission: &Submission) -> Result<()> {
    let Some(place) = desk.find_part::<PhotoStore>() else { return Ok(()) };
    let numbers = numbers(submission);
    let named = match numbers.is_empty() {
        true => HashSet::new(),
        false => desk.read(Permission::DeleteSubmissions, repository::named_photos)?,
    };
    let keys = numbers.into_iter().filter(|number| !named.contains(&number.0)).flat_map(keys_of);
    let mut keys: Vec<_> = keys.flat_map(|key| [key::withheld(&key), key]).collect();
    place.store.list(&key::uploads_of(PhotoOwner::Submission(submission.id)), &mut |page| {
        keys.extend(page.into_iter().map(|object| object.key));
        Ok(ControlFlow::Continue(()))
    })?;
    keys.chunks(crate::storage::store::A_PAGE).try_for_each(|keys| place.store.remove(keys))
}

/// Its photos in the storage.
fn numbers(submission: &Submission) -> Vec<PhotoNumber> {
    let stored = submission.images.iter().filter_map(|address| stored_photo(address));
    stored.map(|(number, _)| PhotoNumber(number)).collect()
}

fn keys_of(number: PhotoNumber) -> [String; 2] {
    [number.key(), number.small_key()]
}
