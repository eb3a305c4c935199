//! Whether a piece of text without white space is a web address, and so one word.

use super::chars::{is_icon, is_lower};

/// Returns whether the whole piece is an address: protocol and user may lack, a name with a domain may not.
///
/// The shape is that of spaCy 3.8 (`lang/tokenizer_exceptions.py`, after Diego Perini's pattern): public
/// four-part numbers, or labels of at most 64 characters and a domain of 2 to 63 small letters, then a
/// port, then any path.
pub(super) fn is_url(piece: &str) -> bool {
    // Either kind of host holds a stop, so most words are done here.
    if !piece.contains('.') {
        return false;
    }
    if is_host_and_path(piece) {
        return true;
    }
    let after_protocol = piece.split_once("://").filter(|(protocol, _)| is_protocol(protocol));
    if after_protocol.is_some_and(|(_, rest)| is_host_and_path(rest)) {
        return true;
    }
    piece.match_indices('@').any(|(at, _)| at > 0 && is_host_and_path(&piece[at + 1..]))
}

fn is_protocol(text: &str) -> bool {
    // Letters in circles are alphabetic, and symbols all the same.
    let known = |c: char| (c.is_alphanumeric() && !is_icon(c)) || matches!(c, '_' | '+' | '-' | '.');
    text.chars().all(known) && text.chars().nth(1).is_some()
}

fn is_host_and_path(text: &str) -> bool {
    let after_host = after_name(text).or_else(|| after_number(text));
    after_host.is_some_and(|rest| is_path(rest) || after_port(rest).is_some_and(is_path))
}

fn is_path(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['/', '?', '#'])
}

fn after_port(rest: &str) -> Option<&str> {
    let digits = rest.strip_prefix(':')?;
    let end = digits.find(|c: char| !c.is_numeric()).unwrap_or(digits.len());
    (2..=5).contains(&digits[..end].chars().count()).then(|| &digits[end..])
}

fn after_name(text: &str) -> Option<&str> {
    let mut rest = text;
    let mut labels = 0;
    while let Some(after) = after_label(rest) {
        rest = after;
        labels += 1;
    }
    let end = rest.find(|c| !is_lower(c)).unwrap_or(rest.len());
    let letters = rest[..end].chars().take(64).count();
    (labels > 0 && (2..=63).contains(&letters)).then(|| &rest[end..])
}

/// Returns what follows a label and its stop.
fn after_label(text: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&c);
    let mut last = None;
    for (count, (at, c)) in text.char_indices().enumerate() {
        match c {
            '.' => return last.filter(|&c| plain(c)).map(|_| &text[at + 1..]),
            _ if count >= 64 => return None,
            _ if plain(c) || (count > 0 && matches!(c, '_' | '-')) => last = Some(c),
            _ => return None,
        }
    }
    None
}

/// Returns what follows four numbers that are a public address.
fn after_number(text: &str) -> Option<&str> {
    let mut parts = [""; 4];
    let mut rest = text;
    for (index, part) in parts.iter_mut().enumerate() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        *part = &rest[..end];
        rest = &rest[end..];
        if index < 3 {
            rest = rest.strip_prefix('.')?;
        }
    }
    let number = |part: &str| (1..=3).contains(&part.len()).then(|| part.parse::<u16>().ok()).flatten();
    let [first, second, third, last] = parts;
    let bounded = |part: &str, most: u16| number(part).filter(|&n| n <= most && !part.starts_with('0'));
    let loose =
        |part: &str| number(part).filter(|&n| n <= 255 && !(part.len() == 3 && part.starts_with('0')));
    let (a, b) = (bounded(first, 223)?, loose(second)?);
    loose(third).and(bounded(last, 254))?;
    let private = matches!((a, second), (10 | 127, _) | (169, "254") | (192, "168"))
        || (a == 172 && second.len() == 2 && (16..=31).contains(&b));
    (!private).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::is_url;

    #[test]
    fn addresses() {
        for url in [
            "example.com",
            "http://example.com",
            "https://docs.rs/serde/latest/serde/#a,b(c)",
            "example.com:8080/path",
            "8.8.8.8",
            "http://223.255.255.254",
            "user:word@host.example",
            "README.md",
            "a_b.com",
            "mailto:someone@example.org",
        ] {
            assert!(is_url(url), "{url}");
        }
    }

    #[test]
    fn no_addresses() {
        for text in [
            "localhost",
            "http://localhost:8080",
            "127.0.0.1",
            "http://10.1.2.3/x",
            "172.16.0.1",
            "192.168.1.1:80",
            "example.com:8",
            "word.Word",
            "1.5",
            "1.2.3.0",
            "example.com.",
            "-a.com",
            "a-.com",
            "@example.com",
            "file.rs,other",
        ] {
            assert!(!is_url(text), "{text}");
        }
    }
}
