//! A list of texts as people type one.

use std::borrow::Cow;

/// The texts that a text lists: JSON, or lines, or parts between bars, semicolons or commas, the first of these that occurs.
///
/// An address may hold a comma or a semicolon: addresses are divided at these signs only where one begins behind each of them.
///
/// ```
/// use jpauto::typed::list;
///
/// assert_eq!(list("Tow hitch, roof rack")?, ["Tow hitch", "roof rack"]);
/// assert_eq!(list("https://a.example/1,2.jpg")?, ["https://a.example/1,2.jpg"]);
/// assert_eq!(list("https://a.example/1.jpg,https://a.example/2.jpg")?, ["https://a.example/1.jpg", "https://a.example/2.jpg"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// What begins as JSON does and is no list of texts.
pub fn list(text: &str) -> serde_json::Result<Vec<Cow<'_, str>>> {
    if text.starts_with('[') {
        let texts: Vec<String> = serde_json::from_str(text)?;
        return Ok(texts.into_iter().map(Cow::Owned).collect());
    }
    let is_addresses = text.starts_with("http://") || text.starts_with("https://");
    let separator = ['\n', '|', ';', ','].into_iter().find(|sign| {
        text.contains(*sign) && (!is_addresses || matches!(sign, '\n' | '|') || begins_addresses(text, *sign))
    });
    let parts: Vec<&str> = match separator {
        Some(sign) => text.split(sign).collect(),
        None if is_addresses => text.split_whitespace().collect(),
        None => vec![text],
    };
    Ok(parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(Cow::Borrowed).collect())
}

/// Whether an address begins behind each of these signs.
fn begins_addresses(text: &str, sign: char) -> bool {
    text.split(sign).all(|part| part.trim().is_empty() || part.trim_start().starts_with("http"))
}
