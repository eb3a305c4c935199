use crate::text::Text;

const BEGIN: &str = "-----BEGIN ";
/// The end of the line that opens a private key of any kind: RFC 7468, OpenSSH's, OpenPGP's (RFC 9580, section 6.2).
const OPENINGS: [&str; 2] = ["PRIVATE KEY-----", "PRIVATE KEY BLOCK-----"];
/// Longest key, with its lines.
const MOST: usize = 64 << 10;
/// Longest kind of a key in its opening line.
const KIND_MOST: usize = 24;

/// Finds a private key between its lines `BEGIN` and `END`; one that is cut off goes as far as its lines of Base64 do.
pub(super) fn find(text: &Text<'_>, at: usize) -> Option<usize> {
    let kind = text.some_from(at, MOST).strip_prefix(BEGIN)?;
    let line = kind.lines().next()?;
    let opening = OPENINGS.into_iter().find_map(|opening| {
        let place = line.find(opening).filter(|place| *place <= KIND_MOST)?;
        let is_kind = kind[..place].chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ');
        is_kind.then_some(place + opening.len())
    })?;
    let name = &kind[..opening];
    let body = &kind[opening..];
    let closing = format!("-----END {name}");
    let length = match body.find(&closing) {
        Some(place) => place + closing.len(),
        None => body_length(body)?,
    };
    Some(at + BEGIN.len() + opening + length)
}

/// Returns the length of lines that are Base64 or headers; line ends may be written as `\n`.
fn body_length(body: &str) -> Option<usize> {
    let is_body = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '\n' | '\r' | '\\');
    let length = body.find(|c| !is_body(c)).unwrap_or(body.len());
    let length = body[..length].trim_end().len();
    (length >= 32).then_some(length)
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::found;

    #[test]
    fn private_keys_are_found_whole_or_cut_off() {
        let body = "MHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY/PuoAoGCCqGSM49";
        for kind in ["", "EC ", "RSA ", "OPENSSH ", "ENCRYPTED "] {
            let key = format!("-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----");
            assert_eq!(found(Rule::Secret, &format!("k:\n{key}\nend")), [key.as_str()]);
            let cut = format!("-----BEGIN {kind}PRIVATE KEY-----\n{body}");
            assert_eq!(found(Rule::Secret, &format!("{cut}\n\n... and")), [cut.as_str()]);
        }
        let public = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----");
        assert_eq!(found(Rule::Secret, &public), [""; 0]);
        assert_eq!(found(Rule::Secret, "-----BEGIN PRIVATE KEY-----\n...\n"), [""; 0]);
    }
}
