//! What becomes of the photos of a submission that is turned down or deleted. It follows the transaction that does it, so a process that
//! ends in between leaves them as they are: those of a deleted submission are then orphans.

use std::{collections::BTreeSet, ops::ControlFlow};

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

/// Shows the photos of a submission that is turned down to staff alone, and those of one that is pending again to everybody.
pub(crate) fn settle_photos(desk: &Desk, permission: Permission, submission: &Submission) {
    let settled = settle(desk, permission, numbers(submission));
    note(settled, "the photos of a reviewed submission are where they were; clean-up will move them");
}

/// Shows photos to everybody that a vehicle has now.
pub(crate) fn show(desk: &Desk, numbers: &[u128]) {
    let Some(place) = desk.find_part::<PhotoStore>() else { return };
    let keys = numbers.iter().flat_map(|number| keys_of(*number));
    let renamed: Vec<_> = keys.map(|key| (key::withheld(&key), key)).collect();
    note(place.store.rename(&renamed), "photos are not shown that a vehicle has; clean-up will show them");
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

/// Puts photos of a folder where those belong that are shown to everybody, or to staff alone. A bucket shows all.
pub(super) fn settle(desk: &Desk, permission: Permission, numbers: BTreeSet<u128>) -> Result<()> {
    let Some(place) = desk.find_part::<PhotoStore>().filter(|place| place.store.is_folder()) else { return Ok(()) };
    if numbers.is_empty() {
        return Ok(());
    }
    let named = desk.read(permission, repository::named_photos)?;
    let named_now = numbers.into_iter().filter(|number| named.has(*number));
    let renamed = named_now.flat_map(|number| {
        let is_withheld = named.is_withheld(number);
        keys_of(number).map(|key| match is_withheld {
            true => (key.clone(), key::withheld(&key)),
            false => (key::withheld(&key), key),
        })
    });
    place.store.rename(&renamed.collect::<Vec<_>>())
}

fn removed(desk: &Desk, submission: &Submission) -> Result<()> {
    let Some(place) = desk.find_part::<PhotoStore>() else { return Ok(()) };
    let (mut keys, numbers) = (Vec::new(), numbers(submission));
    if !numbers.is_empty() {
        let named = desk.read(Permission::DeleteSubmissions, repository::named_photos)?;
        let unnamed = numbers.iter().filter(|number| !named.has(**number)).flat_map(|number| keys_of(*number));
        keys.extend(unnamed.flat_map(|key| [key::withheld(&key), key]));
        // Another one that was turned down may have the rest.
        settle(desk, Permission::DeleteSubmissions, numbers)?;
    }
    place.store.list(&key::uploads_of(PhotoOwner::Submission(submission.id)), &mut |page| {
        keys.extend(page.into_iter().map(|object| object.key));
        Ok(ControlFlow::Continue(()))
    })?;
    keys.chunks(crate::storage::store::A_PAGE).try_for_each(|keys| place.store.remove(keys))
}

/// The numbers of its photos in the storage.
fn numbers(submission: &Submission) -> BTreeSet<u128> {
    submission.images.iter().filter_map(|address| stored_photo(address)).map(|(number, _)| number).collect()
}

fn keys_of(number: u128) -> [String; 2] {
    [PhotoNumber(number).key(), PhotoNumber(number).small_key()]
}
