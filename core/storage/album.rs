//! The pictures of a vehicle or of a submission as a list, and what may be done to it. No I/O.

use super::{Photo, Photos, key::PhotoNumber};
use crate::{
    error::{Error, ErrorCode, Result},
    inventory::pictures::{small_address, stored_photo, thumbnail_of},
    secret,
};

/// The addresses of the pictures, and the main one as `thumbnail` has it. A submission has no main picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Album {
    pub(super) images: Vec<String>,
    pub(super) thumbnail: Option<String>,
    pub(super) has_thumbnail: bool,
}

impl Album {
    pub(super) fn photos(&self) -> Photos {
        Photos { items: self.images.iter().map(|url| self.photo(url)).collect() }
    }

    fn photo(&self, url: &str) -> Photo {
        Photo {
            id: id_of(url),
            url: url.to_owned(),
            small_url: small_address(url),
            is_thumbnail: self.is_main(url),
            is_stored: stored_photo(url).is_some(),
        }
    }

    /// Whether `thumbnail` is of this picture: the small one, or the picture itself.
    fn is_main(&self, url: &str) -> bool {
        self.thumbnail.as_deref().is_some_and(|chosen| {
            chosen == url
                || stored_photo(chosen)
                    .is_some_and(|(number, _)| stored_photo(url).is_some_and(|(other, _)| other == number))
        })
    }

    /// The picture of the storage with this number.
    pub(super) fn find(&self, number: PhotoNumber) -> Option<Photo> {
        self.images
            .iter()
            .find(|url| stored_photo(url).is_some_and(|(known, _)| known == number.0))
            .map(|url| self.photo(url))
    }

    /// The same with one more picture; the first one becomes the main one.
    ///
    /// # Errors
    /// `too_many_photos`.
    pub(super) fn with(&self, url: &str, most: usize) -> Result<Self> {
        self.ensure_room(most)?;
        let mut album = self.clone();
        album.images.push(url.to_owned());
        if album.has_thumbnail && album.thumbnail.is_none() {
            album.thumbnail = album.images.first().and_then(|first| thumbnail_of(first));
        }
        Ok(album)
    }

    /// # Errors
    /// `too_many_photos`.
    pub(super) fn ensure_room(&self, most: usize) -> Result<()> {
        if self.images.len() < most {
            return Ok(());
        }
        Err(Error::new(ErrorCode::TooManyPhotos, format!("it has {} pictures, and may have {most}", self.images.len())))
    }

    /// The same without this picture. Where it was the main one, the first of those that are left takes its place.
    ///
    /// # Errors
    /// `photo_not_found`.
    pub(super) fn without(&self, id: &str) -> Result<(Self, String)> {
        let at = self.position(id)?;
        let mut album = self.clone();
        let url = album.images.remove(at);
        if self.is_main(&url) {
            album.thumbnail = album.images.first().and_then(|first| thumbnail_of(first));
        }
        Ok((album, url))
    }

    /// The same in this order.
    ///
    /// # Errors
    /// `invalid_photo_order` where the ids are not those of all pictures, each once.
    pub(super) fn ordered(&self, ids: &[String]) -> Result<Self> {
        let wrong = |message: String| Error::invalid_field(ErrorCode::InvalidPhotoOrder, "/ids", message);
        let mut left: Vec<&String> = self.images.iter().collect();
        let mut images = Vec::with_capacity(left.len());
        for id in ids.iter().take(self.images.len() + 1) {
            let at = left.iter().position(|url| id_of(url) == id.to_lowercase());
            let at = at.ok_or_else(|| wrong(format!("{} is no picture of it, or stands twice", shown(id))))?;
            images.push(left.remove(at).clone());
        }
        if let Some(missing) = left.first() {
            return Err(wrong(format!("{} of its pictures are missing, first {}", left.len(), id_of(missing))));
        }
        Ok(Self { images, ..self.clone() })
    }

    /// The same with this picture as the main one.
    ///
    /// # Errors
    /// `photo_not_found`; `invalid_photo` where its address is too long for the column.
    pub(super) fn showing(&self, id: &str) -> Result<Self> {
        let url = &self.images[self.position(id)?];
        let chosen =
            thumbnail_of(url).ok_or_else(|| super::photo::refused("the address has more than 500 characters"))?;
        Ok(Self { thumbnail: Some(chosen), ..self.clone() })
    }

    fn position(&self, id: &str) -> Result<usize> {
        let id = id.to_lowercase();
        let found = self.images.iter().position(|url| id_of(url) == id);
        found.ok_or_else(|| Error::new(ErrorCode::PhotoNotFound, "it has no such picture"))
    }
}

/// The id of a picture: the number of a photo of the storage, or the beginning of the hash of another address.
fn id_of(url: &str) -> String {
    match stored_photo(url) {
        Some((number, _)) => PhotoNumber(number).id(),
        None => secret::hash(url)[..32].to_owned(),
    }
}

fn shown(id: &str) -> String {
    id.chars().filter(|sign| !sign.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(number: u128) -> String {
        format!("https://photos.example/{}", PhotoNumber(number).key())
    }

    fn of_vehicle() -> Album {
        let album = Album { has_thumbnail: true, ..Album::default() };
        [stored(1), "https://other.example/a.jpg".to_owned(), stored(2)]
            .iter()
            .fold(album, |album, url| album.with(url, 40).unwrap())
    }

    fn ids(album: &Album) -> Vec<String> {
        album.photos().items.into_iter().map(|photo| photo.id).collect()
    }

    #[test]
    fn the_first_picture_is_the_main_one_until_another_is_chosen() {
        let album = of_vehicle();
        assert_eq!(album.thumbnail, small_address(&stored(1)));
        let main = |album: &Album| album.photos().items.iter().position(|photo| photo.is_thumbnail);
        assert_eq!(main(&album), Some(0));
        let ids = ids(&album);
        let chosen = album.showing(&ids[1]).unwrap();
        assert_eq!((chosen.thumbnail.as_deref(), main(&chosen)), (Some("https://other.example/a.jpg"), Some(1)));
        let (left, url) = chosen.without(&ids[1].to_uppercase()).unwrap();
        assert_eq!((url.as_str(), left.thumbnail.clone()), ("https://other.example/a.jpg", small_address(&stored(1))));
        let (left, _) = left.without(&ids[2]).unwrap();
        let (none, _) = left.without(&ids[0]).unwrap();
        assert_eq!((none.images.len(), none.thumbnail), (0, None));
        let of_submission = Album::default().with(&stored(1), 40).unwrap();
        assert_eq!(of_submission.thumbnail, None);
        assert_eq!(album.showing("nothing").unwrap_err().code(), "photo_not_found");
        assert_eq!(of_vehicle().with(&stored(3), 3).unwrap_err().code(), "too_many_photos");
    }

    #[test]
    fn an_order_names_every_picture_once() {
        let album = of_vehicle();
        let [first, second, third] = ids(&album).try_into().unwrap();
        let order = |ids: &[&String]| album.ordered(&ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>());
        let turned = order(&[&third, &first, &second]).unwrap();
        assert_eq!(ids(&turned), [third.clone(), first.clone(), second.clone()]);
        assert_eq!(turned.thumbnail, album.thumbnail, "the main picture stays");
        for wrong in [&[&first, &second][..], &[&first, &first, &second], &[&first, &second, &third, &third], &[]] {
            assert_eq!(order(wrong).unwrap_err().code(), "invalid_photo_order", "{wrong:?}");
        }
    }
}
