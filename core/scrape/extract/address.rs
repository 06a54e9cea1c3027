//! When two spellings of an address lead to one page.
//!
//! The scheme, `www.`, an usual port, doubled slashes and one at the end, `.` and `..`, letters written as `%75`, the file that a
//! server shows for a folder, the order of a query and what counts visitors in it make no difference. A fragment that scrolls makes
//! none either; one that a script reads as a path does. What is deliberately not here: making a link absolute (`page`).

use std::borrow::Cow;

/// The form that all spellings of one address share, without its scheme; `None` for what is no web address.
pub(crate) fn key(url: &str) -> Option<String> {
    let (address, fragment) = apart(url)?;
    Some(match fragment.filter(|fragment| is_route(fragment)) {
        Some(route) => format!("{address}#{route}"),
        None => address,
    })
}

/// The same without any fragment, and the fragment.
pub(crate) fn apart(url: &str) -> Option<(String, Option<&str>)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
    let (place, query) = rest.split_once('?').map_or((rest, ""), |(place, query)| (place, query));
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let mut key = usual_host(host).into_owned();
    let host_ends = key.len();
    for part in path.split('/').map(plain) {
        match &*part {
            "" | "." => {}
            ".." => key.truncate(key[host_ends..].rfind('/').map_or(host_ends, |slash| host_ends + slash)),
            part => {
                key.push('/');
                key.push_str(part);
            }
        }
    }
    if let Some((folder, file)) = key.rsplit_once('/')
        && is_shown_for_a_folder(file)
    {
        key.truncate(folder.len());
    }
    let asked = query.split('&').map(plain);
    let mut asked: Vec<_> = asked.filter(|pair| !pair.is_empty() && !is_tracking(pair)).collect();
    asked.sort_unstable();
    asked.dedup();
    for (at, pair) in asked.iter().enumerate() {
        key.push(if at == 0 { '?' } else { '&' });
        key.push_str(pair);
    }
    Some((key, fragment.filter(|fragment| !fragment.is_empty())))
}

/// A part of an address without the escapes that it does not need: `%75` is `u`, and `%2f` is written `%2F` (RFC 3986, 6.2.2).
fn plain(part: &str) -> Cow<'_, str> {
    if !part.contains('%') {
        return Cow::Borrowed(part);
    }
    let mut plain = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        let escaped = rest.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let Some(digits) = escaped else {
            plain.push('%');
            rest = &rest[at + 1..];
            continue;
        };
        match u8::from_str_radix(digits, 16).map(char::from) {
            Ok(sign) if sign.is_ascii_alphanumeric() || matches!(sign, '-' | '.' | '_' | '~') => plain.push(sign),
            _ => {
                plain.push('%');
                plain.push_str(&digits.to_ascii_uppercase());
            }
        }
        rest = &rest[at + 3..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn usual_host(host: &str) -> Cow<'_, str> {
    let host = host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).unwrap_or(host);
    let host = host.strip_suffix('.').unwrap_or(host);
    let host = host.strip_prefix("www.").unwrap_or(host);
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let lower = host.to_ascii_lowercase();
        return Cow::Owned(lower.strip_prefix("www.").map(str::to_owned).unwrap_or(lower));
    }
    Cow::Borrowed(host)
}

fn is_shown_for_a_folder(file: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(name, end)| {
        matches!(name, "index" | "default") && matches!(end, "html" | "htm" | "php" | "asp" | "aspx" | "jsp")
    })
}

/// Whether a fragment is a path or a query of its own: `#!/used/1`, `#/used/1`, `#id=1`.
fn is_route(fragment: &str) -> bool {
    fragment.bytes().any(|byte| matches!(byte, b'/' | b'!' | b'='))
}

fn is_tracking(pair: &str) -> bool {
    is_tracker(pair.split('=').next().unwrap_or(pair))
}

/// Whether a parameter of a query says who led a visitor here or which visitor it is, and nothing of what is shown.
pub(crate) fn is_tracker(name: &str) -> bool {
    const BEGINNINGS: [&str; 6] = ["utm_", "hsa_", "mc_", "pk_", "mtm_", "gad_"];
    const NAMES: [&str; 27] = [
        "_ga",
        "_gl",
        "_hsenc",
        "_hsmi",
        "_ke",
        "cmpid",
        "dclid",
        "epik",
        "fbclid",
        "gbraid",
        "gclid",
        "gclsrc",
        "igshid",
        "jsessionid",
        "li_fat_id",
        "mkt_tok",
        "msclkid",
        "phpsessid",
        "searchdepth",
        "sessionid",
        "srsltid",
        "ttclid",
        "twclid",
        "vero_id",
        "wbraid",
        "wickedid",
        "yclid",
    ];
    let begins = |start: &str| name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    BEGINNINGS.into_iter().any(begins) || NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one() {
        let same = [
            "https://lot.example/used/1",
            "http://lot.example/used/1",
            "https://www.lot.example/used/1",
            "https://WWW.Lot.example/used/1",
            "https://lot.example:443/used/1",
            "https://lot.example/used/1/",
            "https://lot.example/used/1//",
            "https://lot.example//used/1",
            "https://lot.example/used/1/index.html",
            "https://lot.example/used/1#photos",
            "https://lot.example/used/1/#",
            "https://lot.example/used/1?",
            "https://lot.example/used/1?utm_source=mail&UTM_Medium=x",
            "https://lot.example/used/1?gclid=a&fbclid=b#top",
            "https://lot.example/%75sed/%31",
            "https://lot.example/./new/../used/1/.",
            "https://lot.example/%2E%2e/used/1",
            "https://lot.example/used/1/index%2ehtml",
            "https://lot.example/used/1?%75tm_source=mail",
        ];
        for url in same {
            assert_eq!(key(url).as_deref(), Some("lot.example/used/1"), "{url}");
        }
        let asked = Some("lot.example/car?id=7&view=all".to_owned());
        assert_eq!(key("https://lot.example/car?view=all&id=7"), asked);
        assert_eq!(key("https://www.lot.example/car/?id=7&view=all&msclkid=1"), asked);
        assert_eq!(key("https://lot.example/car?v%69ew=al%6C&id=7"), asked);
        assert_eq!(key("https://lot.example/a%2fb%20%c3%a4"), key("https://lot.example/a%2Fb%20%C3%A4"));
    }

    #[test]
    fn other_addresses_are_others() {
        let apart = [
            "https://lot.example/used/1",
            "https://lot.example/Used/1",
            "https://lot.example/used/2",
            "https://lot.example/used",
            "https://lot.example/used?id=1",
            "https://lot.example/used?id=2",
            "https://lot.example/used#!/1",
            "https://lot.example/used#!/2",
            "https://lot.example/used#id=2",
            "https://lot.example:8080/used/1",
            "https://cars.lot.example/used/1",
            "https://lot.example/used/1/index.cfm",
            "https://lot.example/used%2F1",
            "https://lot.example/used/1?a%26b",
            "https://lot.example/used/1?a&b",
            "https://lot.example/100%",
            "https://lot.example/100%25",
            "https://lot.example",
        ];
        let keys: std::collections::HashSet<_> = apart.iter().map(|url| key(url).unwrap()).collect();
        assert_eq!(keys.len(), apart.len(), "{keys:?}");
        for url in ["", "mailto:a@lot.example", "/used/1", "ftp://lot.example/"] {
            assert_eq!(key(url), None, "{url}");
        }
    }
}
