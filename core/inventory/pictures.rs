//! The pictures of a vehicle: which addresses are photos of the storage, and what is done when a row names them.
//!
//! Two functions act: `change_pictures` writes a row in the caller's transaction, and `show` has the storage show photos to
//! everybody again. The rest is pure.
//!
//! A photo of the storage has two addresses: `.../photos/ab/cdef.jpg` and, made small for lists, `.../photos/ab/cdef-small.jpg`.
//! `images` has the former; `thumbnail` has the latter where the main picture is one of the storage. What comes before `photos/`
//! may change with the server, so nothing here looks at it.

use super::{Inventory, VehicleUpdate, repository, rules};
use crate::{
    activity::{self, Action},
    db::{DbConnection, DbResult},
    desk::{Acting, Desk, Part},
    error::Result,
    ids::VehicleId,
};

/// Shows photos of the storage, by their numbers, to everybody again: those of a submission that was turned down are shown to staff alone.
///
/// The inventory stands below the storage, so the dealership hands it that function.
pub(crate) struct ShowPhotos(pub(crate) fn(&Desk, &[u128]));

impl Part for ShowPhotos {
    const MISSING: &'static str = "nobody shows the photos of vehicles";
}

/// Shows the photos of the storage among these pictures, which a vehicle names now.
pub(crate) fn show<'p>(desk: &Desk, pictures: impl IntoIterator<Item = &'p String>) -> Result<()> {
    let stored = pictures.into_iter().filter_map(|picture| stored_photo(picture));
    let numbers: Vec<_> = stored.map(|(number, _)| number).collect();
    if !numbers.is_empty() {
        (desk.part::<ShowPhotos>()?.0)(desk, &numbers);
    }
    Ok(())
}

/// What the small photo's name has before `.jpg`.
pub(crate) const SMALL: &str = "-small";
const END: &str = ".jpg";

/// A photo of the storage, from its address or its key: its number, and whether it is the small one.
pub(crate) fn stored_photo(address: &str) -> Option<(u128, bool)> {
    let name = match address.rsplit_once("/photos/") {
        Some((_, name)) => name,
        None => address.strip_prefix("photos/")?,
    };
    let (shelf, name) = name.strip_suffix(END)?.split_once('/')?;
    let (name, is_small) = name.strip_suffix(SMALL).map_or((name, false), |name| (name, true));
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if shelf.len() != 2 || name.len() != 30 || !is_hex(shelf) || !is_hex(name) {
        return None;
    }
    Some((u128::from_str_radix(&format!("{shelf}{name}"), 16).ok()?, is_small))
}

/// The address of the small photo, where the address is of a photo of the storage.
pub(crate) fn small_address(address: &str) -> Option<String> {
    let (_, is_small) = stored_photo(address)?;
    let start = address.strip_suffix(END).filter(|_| !is_small)?;
    Some(format!("{start}{SMALL}{END}"))
}

/// The address of the whole photo, where the address is of a small photo of the storage.
pub(crate) fn whole_address(address: &str) -> Option<String> {
    let (_, is_small) = stored_photo(address)?;
    let start = address.strip_suffix(END)?.strip_suffix(SMALL).filter(|_| is_small)?;
    Some(format!("{start}{END}"))
}

/// What goes into `thumbnail` for this picture: the small photo, or the picture itself where its address is not too long.
pub(crate) fn thumbnail_of(picture: &str) -> Option<String> {
    small_address(picture).or_else(|| Some(picture.to_owned())).filter(|address| address.chars().count() <= 500)
}

impl Inventory<'_> {
    /// Changes the pictures of a vehicle in a transaction of the caller, with its audit row. Where nothing changes, nothing is written.
    ///
    /// # Errors
    /// `vehicle_not_found`; `invalid_vehicle`.
    pub(crate) fn change_pictures(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        id: VehicleId,
        update: &VehicleUpdate,
    ) -> DbResult<()> {
        let before = self.get_to_change(conn, id)?;
        let by = acting.actor.user_id();
        let Some(after) = rules::update(&before, update, self.rules(), self.doubtful, by, acting.now)? else {
            return Ok(());
        };
        repository::update(conn, &after)?;
        self.vehicle_changed(conn, &before, Some(&after), acting.now)?;
        activity::record(conn, acting, Action::Update, Some(&before), Some(&after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_of_the_storage_is_told_by_its_address() {
        let name = "photos/0a/00000000000000000000000000001f";
        for (address, expected) in [
            (format!("https://pictures.example/{name}.jpg"), Some((0x0a << 120 | 0x1f, false))),
            (format!("https://motors.example/api/storage/{name}-small.jpg"), Some((0x0a << 120 | 0x1f, true))),
            (format!("{name}.jpg"), Some((0x0a << 120 | 0x1f, false))),
            (format!("https://pictures.example/{name}.png"), None),
            (format!("https://pictures.example/{name}.jpg?width=7"), None),
            (format!("https://pictures.example/{}.jpg", name.to_uppercase()), None),
            ("https://pictures.example/photos/0a/1f.jpg".to_owned(), None),
            ("https://pictures.example/photos/0a/../../x.jpg".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(stored_photo(&address), expected, "{address}");
        }
        let whole = format!("https://pictures.example/{name}.jpg");
        let small = small_address(&whole).unwrap();
        assert_eq!(whole_address(&small), Some(whole.clone()));
        assert_eq!((small_address(&small), whole_address(&whole)), (None, None));
        assert_eq!(thumbnail_of(&whole), Some(small));
        let others = "https://other.example/1.jpg";
        assert_eq!(thumbnail_of(others).as_deref(), Some(others));
        assert_eq!(thumbnail_of(&format!("{others}?{}", "x".repeat(500))), None, "the column is no longer");
    }
}
