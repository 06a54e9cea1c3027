//! What is made of a picture that somebody sends: a JPEG of at most 2,000 pixels a side, and a small one for lists. No I/O.
//!
//! Everything is written anew from its pixels, so nothing else that was in the file goes on: no place where it was taken, no
//! name of a camera, no text that some program would run. Its orientation is applied. A colour profile of RGB is kept where it is
//! small, because phones write wide colours, which would look pale without it. What a file says of its size is looked at before a
//! pixel is decoded.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageEncoder as _, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
    codecs::jpeg::JpegEncoder, imageops::FilterType,
};

use super::{PhotoType, StorageRules};
use crate::error::{Error, ErrorCode, Result};

/// A photo, ready to be kept.
pub(super) struct MadePhoto {
    pub(super) photo: Vec<u8>,
    pub(super) small: Vec<u8>,
}

/// The type of a picture by its first bytes.
///
/// # Errors
/// `invalid_photo`, saying what the file is and what to do, where that is known.
pub(super) fn type_of(bytes: &[u8]) -> Result<PhotoType> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Ok(PhotoType::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(PhotoType::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(PhotoType::Webp),
        _ => Err(refused(what_else(bytes))),
    }
}

/// What to say of a HEIC photo, which iPhones make.
pub(super) const ABOUT_HEIC: &str = "this is a HEIC photo, which few browsers show: send it as a JPEG. On an iPhone choose \
                                     Settings, Camera, Formats, Most Compatible, or share the photo by mail, which makes a JPEG of it";

/// What it is instead.
fn what_else(bytes: &[u8]) -> &'static str {
    const EXPECTED: &str = "expected a JPEG, PNG or WebP picture";
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).trim_start().to_ascii_lowercase();
    match bytes {
        [] => "the file is empty: expected a JPEG, PNG or WebP picture",
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand {
            [b'a', b'v', b'i', ..] => "this is an AVIF picture: send it as a JPEG, PNG or WebP",
            [b'h', b'e', b'i' | b'v', ..] | [b'm', b'i', b'f', b'1', ..] | [b'm', b's', b'f', b'1', ..] => ABOUT_HEIC,
            _ => "this is a video: send a JPEG, PNG or WebP picture",
        },
        [b'G', b'I', b'F', b'8', ..] => "this is a GIF: send it as a JPEG, PNG or WebP",
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => {
            "this is a TIFF or a camera's raw picture: send it as a JPEG, PNG or WebP"
        }
        [b'B', b'M', ..] => "this is a BMP: send it as a JPEG, PNG or WebP",
        [b'%', b'P', b'D', b'F', ..] => "this is a PDF: send its pictures as JPEG, PNG or WebP",
        _ if text.contains("<svg") => "this is an SVG, which can hold programs: send it as a JPEG, PNG or WebP",
        _ if text.starts_with("<!doctype") || text.contains("<html") => {
            "this is a page of the web: expected a JPEG, PNG or WebP picture"
        }
        _ => EXPECTED,
    }
}

pub(super) fn refused(message: impl Into<String>) -> Error {
    Error::invalid_field(ErrorCode::InvalidPhoto, "/photo", message)
}

/// Decodes a picture of this type within the limits, and makes the photo of it.
///
/// # Errors
/// `invalid_photo`.
pub(super) fn make(bytes: &[u8], expected: PhotoType, rules: &StorageRules) -> Result<MadePhoto> {
    let found = type_of(bytes)?;
    if found != expected {
        return Err(refused(format!("the upload was announced as {expected}, and is {found}")));
    }
    let (picture, profile) = decode(bytes, found, rules)?;
    let photo = fitted(picture, rules.longest_side);
    let small = fitted(photo.clone(), rules.small_side);
    let written = |picture: &DynamicImage| write(picture, profile.as_deref(), rules.jpeg_quality);
    Ok(MadePhoto { photo: written(&photo)?, small: written(&small)? })
}

/// Colour profiles up to this length are kept: that of a phone has some 500 bytes.
const LONGEST_PROFILE: usize = 4_096;

/// The picture, upright and without transparency, and the colour profile to keep.
fn decode(bytes: &[u8], photo_type: PhotoType, rules: &StorageRules) -> Result<(DynamicImage, Option<Vec<u8>>)> {
    let format = match photo_type {
        PhotoType::Jpeg => ImageFormat::Jpeg,
        PhotoType::Png => ImageFormat::Png,
        PhotoType::Webp => ImageFormat::WebP,
    };
    if photo_type == PhotoType::Jpeg && !is_whole_jpeg(bytes) {
        return Err(broken_off());
    }
    let unreadable = |reason: image::ImageError| match &reason {
        image::ImageError::Limits(_) => too_large(rules),
        image::ImageError::IoError(failed) if failed.kind() == std::io::ErrorKind::UnexpectedEof => broken_off(),
        _ => refused(format!("the {photo_type} can not be read: it is damaged, or cut off")).with_source(reason),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // Four bytes a pixel, twice that for pictures of 16 bits a colour, which are made to 8.
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(rules.most_pixels.saturating_mul(8));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(refused("the picture has no pixels"));
    }
    if u64::from(width) * u64::from(height) > rules.most_pixels {
        return Err(too_large(rules).with_field("/photo", format!("it has {width} by {height} pixels")));
    }
    if width.min(height) < rules.shortest_side {
        let least = rules.shortest_side;
        return Err(refused(format!("the picture has {width} by {height} pixels: expected {least} or more a side")));
    }
    // A picture without either has none of them; one whose metadata is damaged is shown as it is.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten().filter(|profile| is_kept(profile));
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(orientation);
    Ok((opaque(picture), profile))
}

fn broken_off() -> Error {
    refused("the picture is cut off: send it again")
}

fn too_large(rules: &StorageRules) -> Error {
    refused(format!("the picture has more than {} million pixels: make it smaller", rules.most_pixels / 1_000_000))
}

/// Whether a profile is small, of RGB, and one at all (ICC.1, 7.2).
fn is_kept(profile: &[u8]) -> bool {
    profile.len() <= LONGEST_PROFILE && profile.get(16..20) == Some(b"RGB ") && profile.get(36..40) == Some(b"acsp")
}

/// Whether the picture's data ends. Decoders fill up with grey what is missing.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    // The segments before the picture's data. A small picture in one of them has an end of its own.
    while let Some(&[0xff, marker]) = bytes.get(at..at + 2) {
        match marker {
            0xda => return bytes[at..].windows(2).any(|pair| pair == [0xff, 0xd9]),
            // Filling, and markers that stand alone.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => {
                let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { return false };
                at += 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
            }
        }
    }
    false
}

/// The picture in RGB, over white where it lets something through.
fn opaque(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return DynamicImage::ImageRgb8(picture.into_rgb8());
    }
    let picture = picture.into_rgba8();
    let mut over_white = RgbImage::new(picture.width(), picture.height());
    for (pixel, through) in over_white.pixels_mut().zip(picture.pixels()) {
        let [colours @ .., alpha] = through.0;
        let alpha = u16::from(alpha);
        // The sum is at most 255 times 255.
        *pixel = Rgb(colours.map(|colour| ((u16::from(colour) * alpha + 255 * (255 - alpha)) / 255) as u8));
    }
    DynamicImage::ImageRgb8(over_white)
}

/// The picture within a square of this side; a smaller one stays as it is.
fn fitted(picture: DynamicImage, side: u32) -> DynamicImage {
    let longest = picture.width().max(picture.height());
    if longest <= side {
        return picture;
    }
    // Means of blocks are quick, and good enough down to twice the size.
    let near = side.saturating_mul(2);
    let picture = if longest > near.saturating_mul(2) { picture.thumbnail(near, near) } else { picture };
    picture.resize(side, side, FilterType::Lanczos3)
}

fn write(picture: &DynamicImage, profile: Option<&[u8]>, quality: u8) -> Result<Vec<u8>> {
    let not_written =
        |reason: image::ImageError| refused("the picture can not be made into a photo").with_source(reason);
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    if let Some(profile) = profile {
        // An encoder that takes none writes the picture without.
        let _ = encoder.set_icc_profile(profile.to_vec());
    }
    encoder.encode_image(&picture.to_rgb8()).map_err(not_written)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::processor_time;

    /// A picture whose left half is red and whose right half is blue.
    fn two_halves(width: u32, height: u32) -> DynamicImage {
        let colour = |x: u32| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) };
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| colour(x)))
    }

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        encoded(&two_halves(width, height), ImageFormat::Jpeg)
    }

    /// A JPEG with a segment of EXIF that has this orientation and a place, as a phone writes it.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        exif.extend(b"GPS 34.0522 N 118.2437 W, camera of Ann Example");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
    }

    fn made(bytes: &[u8]) -> Result<MadePhoto> {
        make(bytes, type_of(bytes)?, &StorageRules::default())
    }

    fn refusal(bytes: &[u8]) -> String {
        let error = made(bytes).err().expect("it is refused");
        assert_eq!((error.code(), error.fields()[0].pointer.as_str()), ("invalid_photo", "/photo"));
        error.to_string()
    }

    #[test]
    fn a_photo_is_made_smaller_and_a_small_one_stays() {
        for (width, height, expected, small) in [
            (3_000, 1_500, (2_000, 1_000), (400, 200)),
            (900, 1_200, (900, 1_200), (300, 400)),
            (320, 240, (320, 240), (320, 240)),
        ] {
            let made = made(&jpeg(width, height)).unwrap();
            let (photo, thumbnail) =
                (image::load_from_memory(&made.photo).unwrap(), image::load_from_memory(&made.small).unwrap());
            assert_eq!(((photo.width(), photo.height()), (thumbnail.width(), thumbnail.height())), (expected, small));
        }
    }

    #[test]
    fn every_type_becomes_a_jpeg_over_white() {
        for (format, photo_type) in [
            (ImageFormat::Jpeg, PhotoType::Jpeg),
            (ImageFormat::Png, PhotoType::Png),
            (ImageFormat::WebP, PhotoType::Webp),
        ] {
            let bytes = encoded(&two_halves(500, 400), format);
            assert_eq!(type_of(&bytes).unwrap(), photo_type);
            assert_eq!(type_of(&made(&bytes).unwrap().photo).unwrap(), PhotoType::Jpeg);
        }
        let clear = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(300, 300, image::Rgba([0, 0, 0, 0])));
        let made = made(&encoded(&clear, ImageFormat::Png)).unwrap();
        let photo = image::load_from_memory(&made.photo).unwrap().to_rgb8();
        assert!(photo.get_pixel(150, 150).0.iter().all(|colour| *colour > 250));
    }

    #[test]
    fn the_orientation_is_applied_and_nothing_else_of_the_file_goes_on() {
        let hidden = b"<script>alert(1)</script>PK\x03\x04";
        // 6: turned right to be upright, so red comes to the top.
        let bytes = [with_exif(&jpeg(600, 400), 6).as_slice(), hidden].concat();
        let made = made(&bytes).unwrap();
        let photo = image::load_from_memory(&made.photo).unwrap().to_rgb8();
        assert_eq!(photo.dimensions(), (400, 600));
        let (top, bottom) = (photo.get_pixel(200, 60).0, photo.get_pixel(200, 540).0);
        assert!(top[0] > 150 && top[2] < 100 && bottom[2] > 150 && bottom[0] < 100, "{top:?} {bottom:?}");
        for trace in [&b"GPS"[..], b"Exif", b"Ann Example", b"<script", b"PK\x03\x04"] {
            for written in [&made.photo, &made.small] {
                assert!(!written.windows(trace.len()).any(|window| window == trace), "{}", trace.escape_ascii());
            }
        }
    }

    #[test]
    fn a_profile_of_wide_colours_is_kept_and_a_long_one_is_not() {
        for (length, is_kept) in [(600, true), (9_000, false)] {
            let mut profile = vec![b'x'; length];
            profile[16..20].copy_from_slice(b"RGB ");
            profile[36..40].copy_from_slice(b"acsp");
            let mut bytes = Vec::new();
            let mut encoder = JpegEncoder::new(&mut bytes);
            encoder.set_icc_profile(profile.clone()).unwrap();
            encoder.encode_image(&two_halves(300, 300)).unwrap();
            let written = made(&bytes).unwrap().photo;
            let mut decoder =
                ImageReader::with_format(Cursor::new(&written), ImageFormat::Jpeg).into_decoder().unwrap();
            assert_eq!(decoder.icc_profile().unwrap(), is_kept.then_some(profile));
        }
    }

    #[test]
    fn what_is_no_photo_is_told_as_what_it_is() {
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
        for (bytes, expected) in [
            (&heic[..], "HEIC"),
            (b"\0\0\0\x18ftypmif1\0\0\0\0", "Most Compatible"),
            (b"\0\0\0\x1cftypavif", "AVIF"),
            (b"\0\0\0\x1cftypmp42", "video"),
            (b"<?xml version=\"1.0\"?><svg onload=\"alert(1)\"/>", "SVG"),
            (b"  <!DOCTYPE html><script>alert(1)</script>", "page of the web"),
            (b"GIF89a", "GIF"),
            (b"%PDF-1.7", "PDF"),
            (b"II*\0", "TIFF"),
            (b"", "empty"),
            (b"\xff\xd8", "expected a JPEG"),
            (b"MZ", "expected a JPEG"),
        ] {
            assert!(refusal(bytes).contains(expected), "{}: {}", bytes.escape_ascii(), refusal(bytes));
        }
        let png = encoded(&two_halves(300, 300), ImageFormat::Png);
        let error = make(&png, PhotoType::Jpeg, &StorageRules::default()).err().unwrap();
        assert!(error.to_string().contains("announced as image/jpeg, and is image/png"), "{error}");
    }

    #[test]
    fn a_picture_that_is_cut_off_or_damaged_is_refused() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let whole = encoded(&two_halves(700, 500), format);
            for share in [1, 2, 5, 8, 9] {
                let cut = &whole[..whole.len() * share / 10];
                assert!(refusal(cut).contains("cut off"), "{format:?} {share}");
            }
            assert!(made(&whole).is_ok());
        }
        // The small picture within the EXIF has an end of its own.
        let whole = jpeg(700, 500);
        let cut = &whole[..whole.len() / 2];
        let with_preview = [&cut[..2], &[0xff, 0xe1, 0, 6, 0xff, 0xd9, 0, 0], &cut[2..]].concat();
        assert!(refusal(&with_preview).contains("cut off"));
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_decoded() {
        // A PNG of 65,535 by 65,535 pixels whose data would be gigabytes, and a JPEG whose head says as much.
        let mut png = encoded(&two_halves(300, 300), ImageFormat::Png);
        png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        let mut checked = flate2::Crc::new();
        checked.update(&png[12..29]);
        png[29..33].copy_from_slice(&checked.sum().to_be_bytes());
        let mut jpeg = jpeg(300, 300);
        let head = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        jpeg[head + 5..head + 9].copy_from_slice(&[0xff; 4]);
        for bomb in [png, jpeg] {
            let begun = processor_time();
            let message = refusal(&bomb);
            assert!(message.contains("million pixels"), "{message}");
            let taken = processor_time() - begun;
            assert!(taken.as_millis() < 500, "{taken:?}");
        }
        // One side as long as can be, and few pixels.
        let line = encoded(&two_halves(65_535, 10), ImageFormat::Png);
        assert!(refusal(&line).contains("65535 by 10"), "{}", refusal(&line));
    }
}
