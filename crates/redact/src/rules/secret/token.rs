use crate::text::Text;

/// A form of tokens: what they begin with, what follows, and how many characters that are.
struct Form {
    prefix: &'static str,
    signs: fn(char) -> bool,
    least: usize,
    most: usize,
}

const fn form(prefix: &'static str, signs: fn(char) -> bool, least: usize, most: usize) -> Form {
    Form { prefix, signs, least, most }
}

/// Tokens as their makers, or the scanners that makers register them with, describe them
/// (<https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns>,
/// <https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml>).
const FORMS: [Form; 34] = [
    // Amazon: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    form("AKIA", is_base32, 16, 16),
    form("ASIA", is_base32, 16, 16),
    // GitHub: https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
    form("ghp_", is_alphanumeric, 36, 251),
    form("gho_", is_alphanumeric, 36, 251),
    form("ghu_", is_alphanumeric, 36, 251),
    form("ghs_", is_alphanumeric, 36, 251),
    form("ghr_", is_alphanumeric, 36, 251),
    form("github_pat_", is_word, 60, 251),
    // GitLab: https://docs.gitlab.com/security/tokens/#token-prefixes
    form("glpat-", is_url, 20, 64),
    form("glrt-", is_url, 20, 64),
    form("gldt-", is_url, 20, 64),
    // Slack: https://docs.slack.dev/authentication/tokens
    form("xoxb-", is_dashed, 20, 255),
    form("xoxp-", is_dashed, 20, 255),
    form("xoxa-", is_dashed, 20, 255),
    form("xoxr-", is_dashed, 20, 255),
    form("xoxs-", is_dashed, 20, 255),
    form("xapp-", is_dashed, 20, 255),
    form("https://hooks.slack.com/services/", is_path, 30, 100),
    // OpenAI, Anthropic, OpenRouter and others.
    form("sk-", is_url, 20, 255),
    // Stripe: https://docs.stripe.com/keys
    form("sk_live_", is_alphanumeric, 16, 247),
    form("sk_test_", is_alphanumeric, 16, 247),
    form("rk_live_", is_alphanumeric, 16, 247),
    form("rk_test_", is_alphanumeric, 16, 247),
    form("whsec_", is_base64, 20, 100),
    form("AIza", is_url, 35, 35),
    form("GOCSPX-", is_url, 28, 28),
    form("ya29.", is_url, 30, 1_000),
    form("hf_", is_alphanumeric, 30, 60),
    form("npm_", is_alphanumeric, 36, 36),
    form("pypi-", is_url, 60, 500),
    form("SG.", is_dotted, 40, 100),
    form("dop_v1_", is_hex, 64, 64),
    form("hvs.", is_url, 24, 300),
    form("glc_", is_base64, 32, 300),
];

/// Longest signed part of a token in three parts.
const JWT_MOST: usize = 64 << 10;

/// Finds a token that its form gives away, a JSON web token (RFC 7519) among them.
///
/// Tokens that say that they are examples, or repeat one character, are left.
pub(super) fn find(text: &Text<'_>, at: usize) -> Option<usize> {
    if text.before(at).is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) {
        return None;
    }
    let rest = text.some_from(at, JWT_MOST + 1);
    if rest.starts_with("eyJ") {
        return web_token(rest).map(|length| at + length);
    }
    let form = FORMS.iter().find(|form| rest.starts_with(form.prefix))?;
    let body = &rest[form.prefix.len()..];
    let length = body.find(|c| !(form.signs)(c)).unwrap_or(body.len());
    let body = body[..length].trim_end_matches(['-', '.', '/']);
    let fits = (form.least..=form.most).contains(&body.len());
    (fits && !is_example(body)).then_some(at + form.prefix.len() + body.len())
}

/// Returns the length of a header, claims and a signature, parted by dots; the first two are JSON objects in Base64.
fn web_token(text: &str) -> Option<usize> {
    let length = text.find(|c| !(is_url(c) || c == '.')).unwrap_or(text.len());
    let token = text[..length].trim_end_matches(['.', '-']);
    let mut parts = token.split('.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let sound = header.len() >= 12 && claims.len() >= 8 && claims.starts_with("ey") && signature.len() >= 16;
    (sound && token.len() <= JWT_MOST && parts.next().is_none()).then_some(token.len())
}

/// Returns whether what follows a prefix stands for a token, and is none.
fn is_example(body: &str) -> bool {
    let lower = body.to_ascii_lowercase();
    let mut distinct: Vec<char> = lower.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() < 6
        || ["example", "xxxx", "your-", "your_", "placeholder", "redacted", "fake", "dummy"]
            .iter()
            .any(|word| lower.contains(word))
        || !lower.contains(|c: char| c.is_ascii_digit()) && lower.contains(['-', '_'])
}

fn is_base32(c: char) -> bool {
    matches!(c, 'A'..='Z' | '2'..='7')
}

fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

fn is_hex(c: char) -> bool {
    c.is_ascii_hexdigit()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_dashed(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

fn is_url(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn is_dotted(c: char) -> bool {
    is_url(c) || c == '.'
}

fn is_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '/'
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::{found, nothing};

    /// Nothing in this file is a token: what its form needs is put together here.
    fn token(prefix: &str, body: &str) -> String {
        format!("{prefix}{body}")
    }

    #[test]
    fn tokens_are_found_by_their_form() {
        let lot = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
        for token in [
            token("AKIA", "Q3EGRIZJ5TFNHB7K"),
            token("ghp_", lot),
            token("github_pat_", &format!("{lot}_{lot}")),
            token("glpat-", "x9Yz_8Wv-7Ut6Sr5Qp4On"),
            token("xoxb-", "17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy"),
            token("sk-proj-", lot),
            token("sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"),
            token("AIza", "SyD9a8b7c6d5e4f3g2h1i0jKlMnOpQrStUv"),
            token("hf_", "QwErTyUiOpAsDfGhJkLzXcVbNm1234567"),
            token("eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"),
        ] {
            assert_eq!(found(Rule::Secret, &format!("with {token}, then")), [token.as_str()]);
        }
    }

    #[test]
    fn examples_and_other_words_are_left() {
        nothing(
            Rule::Secret,
            &[
                "AKIAIOSFODNN7EXAMPLE",
                "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "sk-your-key-goes-here-please-now",
                "task-force-of-many-people-in-one",
                "sk-learn",
                "hf_model",
                "npm_config_registry",
                "eyJhbGciOiJIUzI1NiJ9",
            ],
        );
    }
}
