use crate::text::Text;

/// Longest local part (RFC 5321, section 4.5.3.1.1) and domain (4.5.3.1.2), in bytes.
const MOST: (usize, usize) = (64, 255);

/// Names of hosts that reach nobody: set aside for documentation and tests (RFC 2606, RFC 6761), for networks of one's own
/// (RFC 6762, ICANN's `internal`), or no top-level domains at all, but endings of files and units.
const NOBODY: [&str; 34] = [
    "conf",
    "corp",
    "css",
    "example",
    "gif",
    "home",
    "html",
    "ini",
    "internal",
    "invalid",
    "jpeg",
    "jpg",
    "js",
    "json",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "log",
    "mount",
    "png",
    "scope",
    "service",
    "slice",
    "socket",
    "svg",
    "target",
    "test",
    "timer",
    "toml",
    "txt",
    "webp",
    "yaml",
    "yml",
];

/// Domains set aside for documentation (RFC 2606, section 3).
const EXAMPLES: [&str; 4] = ["example.com", "example.edu", "example.net", "example.org"];

/// Finds an e-mail address: a local part of letters, digits and the usual signs, and a domain with a dot, both in any
/// script (RFC 5321, RFC 6531).
///
/// Quoted local parts, addresses in brackets and hosts without a dot are not looked for; nor is `git@host:` as repositories
/// are named, nor a domain of [`EXAMPLES`] or [`NOBODY`].
pub(crate) fn email(text: &Text<'_>, at: usize) -> Option<usize> {
    let first = text.at(at)?;
    if !(first.is_alphanumeric() || first == '_') || text.before(at).is_some_and(is_local) {
        return None;
    }
    let rest = text.from(at);
    let local = rest.find(|c: char| !is_local(c)).filter(|end| *end <= MOST.0)?;
    let domain = rest[local..].strip_prefix('@')?;
    if rest[..local].ends_with('.') || rest[..local].contains("..") {
        return None;
    }
    let length = domain_length(domain)?;
    let (name, end) = (&domain[..length], at + local + 1 + length);
    let repository = &rest[..local] == "git" && matches!(text.at(end), Some(':' | '/'));
    let joined = matches!(text.at(end), Some(c) if c == '@' || c == '_');
    (!repository && !joined && !reaches_nobody(name)).then_some(end)
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'' | '&' | '~')
}

/// Returns the length of the domain that a text begins with; what ends its last label is no part of it.
fn domain_length(text: &str) -> Option<usize> {
    let run = text.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-')).unwrap_or(text.len());
    let mut end = text[..run].trim_end_matches(['.', '-']).len();
    if end > MOST.1 {
        return None;
    }
    loop {
        let name = text[..end].trim_end_matches(['.', '-']);
        end = name.len();
        let (before, top) = name.rsplit_once('.')?;
        let labels = name.split('.');
        if labels.clone().any(|label| label.is_empty() || label.starts_with('-') || label.ends_with('-')) {
            // Two dots in a row end it.
            end = name.find("..").or_else(|| Some(before.len()).filter(|shorter| *shorter < end))?;
            continue;
        }
        let is_top =
            top.chars().count() >= 2 && top.chars().all(char::is_alphabetic) || top.starts_with("xn--");
        return is_top.then_some(end);
    }
}

fn reaches_nobody(domain: &str) -> bool {
    let domain = domain.to_lowercase();
    let top = domain.rsplit('.').next().unwrap_or_default();
    let below = |parent: &str| domain == parent || domain.ends_with(&format!(".{parent}"));
    NOBODY.contains(&top) || EXAMPLES.iter().any(|parent| below(parent))
}

#[cfg(test)]
mod tests {
    use super::NOBODY;
    use crate::rule::Rule;
    use crate::rules::tests::{found, nothing, whole};

    #[test]
    fn addresses_are_found() {
        assert!(NOBODY.is_sorted());
        whole(
            Rule::Email,
            &[
                "ada@analytical.org",
                "Ada.Lovelace+notes@mail.analytical.co.uk",
                "o'neill@analytical.ie",
                "ада@почта.рф",
                "müller@bücher.de",
                "a_b-c@x-y.xn--p1ai",
            ],
        );
        assert_eq!(found(Rule::Email, "[me](mailto:ada@analytical.org)"), ["ada@analytical.org"]);
        assert_eq!(
            found(Rule::Email, "<ada@analytical.org>,bob@x.org."),
            ["ada@analytical.org", "bob@x.org"]
        );
        assert_eq!(found(Rule::Email, "ada@analytical.org... and"), ["ada@analytical.org"]);
        assert_eq!(found(Rule::Email, "ada@analytical.org-"), ["ada@analytical.org"]);
    }

    #[test]
    fn what_reaches_nobody_is_left() {
        nothing(
            Rule::Email,
            &[
                "ada@example.com",
                "ada@mail.Example.org",
                "ada@localhost",
                "ada@printer.local",
                "getty@tty1.service",
                "logo@2x.png",
                "git@github.com:prometheus/docs.git",
                "actions/checkout@v4.1.2",
                "@opentelemetry/api@1.9.0",
                "a..b@x.org.",
                "user@10.0.0.1",
                "a@b",
                "@ada",
            ],
        );
    }
}
