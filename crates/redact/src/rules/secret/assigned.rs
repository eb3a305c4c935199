use crate::text::Text;

/// Parts of names that say that what is assigned to them is secret.
const NAMES: [&str; 18] = [
    "accesskey",
    "accountkey",
    "apikey",
    "authkey",
    "authtoken",
    "bearer",
    "clientsecret",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "secretkey",
    "sharedkey",
    "signingkey",
    "token",
];

/// Endings of such names that say that it stands elsewhere, or is no secret.
const ELSEWHERE: [&str; 12] =
    ["file", "path", "name", "url", "uri", "ref", "type", "id", "length", "count", "limit", "field"];

/// Words that stand for a secret, and are none.
const STANDS_FOR_ONE: [&str; 12] = [
    "changeme",
    "dummy",
    "example",
    "fake",
    "insert",
    "password",
    "placeholder",
    "redacted",
    "replace",
    "sample",
    "xxxx",
    "your",
];

/// Shortest and longest secret.
const LENGTH: (usize, usize) = (8, 512);

/// Least bits of a character, by how often each occurs in the secret (Shannon, A Mathematical Theory of Communication).
const LEAST_BITS: f64 = 2.5;

/// Finds what is assigned to a name such as `password`, `api_key` or `Authorization: Bearer`, or stands as the password of
/// a URL, if it holds letters and digits in no order to see.
pub(super) fn find(text: &Text<'_>, at: usize) -> Option<usize> {
    let before = text.before(at)?;
    if !matches!(before, '=' | ':' | '"' | '\'' | '`' | ' ' | '\t' | '>' | '(' | '[') {
        return None;
    }
    let rest = text.some_from(at, LENGTH.1 + 1);
    let in_url = before == ':' && is_after_user(&text.text[..at - 1]);
    if !in_url && !is_named(&text.text[..at]) {
        return None;
    }
    let length = match in_url {
        true => rest.find(['@', '/', ' ', '\n', '"']).filter(|end| rest[*end..].starts_with('@'))?,
        false => rest.find(|c| !is_sign(c)).unwrap_or(rest.len()),
    };
    let value = rest[..length].trim_end_matches(['.', ',', ';', ':', '!', '?']);
    let quoted = matches!(before, '"' | '\'' | '`');
    if !(LENGTH.0..=LENGTH.1).contains(&value.len()) || !is_drawn(value) {
        return None;
    }
    // A call, a member or a path is how a secret is got, not the secret.
    let follows = rest[value.len()..].chars().next();
    if matches!(follows, Some('(' | '[' | '{')) || quoted && !in_url && follows != Some(before) {
        return None;
    }
    Some(at + value.len())
}

fn is_sign(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            '!' | '#' | '$' | '%' | '&' | '*' | '+' | '-' | '.' | '/' | '=' | '?' | '@' | '^' | '_' | '~'
        )
}

/// Returns whether a text ends with `scheme://user`.
fn is_after_user(text: &str) -> bool {
    let user = text.rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '%')));
    user.is_some_and(|slash| {
        text[..slash].ends_with(":/") && text[slash..].starts_with('/') && slash + 1 < text.len()
    })
}

/// Returns whether a text ends with a name that says that a secret follows, and a sign that assigns.
fn is_named(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '\'', '`', '(', '[']).trim_end_matches([' ', '\t']);
    if let Some(header) = text.strip_suffix("Bearer").or_else(|| text.strip_suffix("bearer")) {
        return header.trim_end().ends_with([':', '=', '"', '\'', '`']) || header.trim_end().is_empty();
    }
    let assigned = ["=>", ":=", "=", ":"].into_iter().find_map(|sign| text.strip_suffix(sign));
    let Some(named) = assigned else { return false };
    let named = named.trim_end_matches([' ', '\t', '"', '\'', '`', ']']);
    let start = named
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
        .map_or(0, |at| at + named[at..].chars().next().map_or(1, char::len_utf8));
    let name: String = named[start..].chars().filter(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part))
        && !name.contains("public")
        && !ELSEWHERE.iter().any(|ending| name.ends_with(ending))
}

/// Returns whether a text looks drawn by lot: letters and digits, no words that stand for a secret, and no pattern.
fn is_drawn(value: &str) -> bool {
    let has = |is: fn(&char) -> bool| value.chars().any(|c| is(&c));
    let lower = value.to_ascii_lowercase();
    has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && !value.starts_with(['/', '.', '$', '%'])
        && !value.contains("://")
        && !value.contains("..")
        && !STANDS_FOR_ONE.iter().any(|word| lower.contains(word))
        && bits(value) >= LEAST_BITS
}

/// Returns the mean bits of a character.
fn bits(value: &str) -> f64 {
    let mut counts = [0u32; 128];
    value.bytes().for_each(|byte| counts[usize::from(byte & 127)] += 1);
    let total = value.len() as f64;
    let share = |count: u32| f64::from(count) / total;
    counts.iter().filter(|count| **count > 0).map(|count| -share(*count) * share(*count).log2()).sum()
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::{found, nothing};

    #[test]
    fn what_is_assigned_and_drawn_by_lot_is_found() {
        for (text, secret) in [
            ("password=Tr0ub4dor&3x", "Tr0ub4dor&3x"),
            ("DB_PASSWORD: \"k9#Lm2$Qz8\"", "k9#Lm2$Qz8"),
            ("api_key = 'b7f3c9d1e5a2486f'", "b7f3c9d1e5a2486f"),
            ("\"clientSecret\": \"Q8fT2~kP0zR4wX6v\"", "Q8fT2~kP0zR4wX6v"),
            ("Authorization: Bearer mF9aB5f4c1JqM2dK", "mF9aB5f4c1JqM2dK"),
            ("postgres://app:h7Gk2pXq9w@db.internal/x", "h7Gk2pXq9w"),
            (
                "aws_secret_access_key = wJalrXUtn7EMIK7MDENGbPxRfiCYzKeyT1a2b3c4",
                "wJalrXUtn7EMIK7MDENGbPxRfiCYzKeyT1a2b3c4",
            ),
        ] {
            assert_eq!(found(Rule::Secret, text), [secret], "{text}");
        }
    }

    #[test]
    fn what_is_got_or_stands_for_a_secret_is_left() {
        nothing(
            Rule::Secret,
            &[
                "password=secretword",
                "password: ${DB_PASSWORD1}",
                "password: <password1>",
                "token = get_token2()",
                "token: process.env.TOKEN2(x)",
                "password_file: /etc/secrets/db1",
                "token_url = \"https://auth.org/v2/token\"",
                "api_key = \"YOUR_API_KEY_123\"",
                "password = aaaaaaaa1",
                "the password: changeme123",
                "key=b7f3c9d1e5a2486f",
                "http://host:9090/metrics",
                "max_tokens: 4096",
                "PublicKeyToken=adb9793829ddae60",
            ],
        );
    }
}
