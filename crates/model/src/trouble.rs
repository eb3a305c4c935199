//! What a failed attempt means: who has to do what before it can succeed.

use std::time::Duration;

use rifflebox_core::Failure;

use crate::secret::Secret;

/// How much of what a server says goes into a reason.
const MESSAGE_CHARS: usize = 300;

/// Why an attempt has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The endpoint wants less: it is asked again, slower, and not before it says.
    Refused { reason: String, after: Option<Duration> },
    /// It may pass by itself: it is asked again.
    Passing(String),
    /// It did not come in time; it is asked again, with less in flight.
    Overdue(String),
    /// Somebody has to mend something first: no call can succeed until then.
    Shut(String),
    /// There is no such model or address: no call of this kind can succeed until that is mended.
    Absent(String),
    /// The endpoint will never answer this.
    Final(String),
}

impl Trouble {
    /// Reads what a status says, with the body that came with it.
    pub(crate) fn of(status: u16, body: &[u8], after: Option<Duration>, secret: Option<&Secret>) -> Self {
        let said = Said::read(body, secret);
        let reason = |what: &str| match said.message.is_empty() {
            true => format!("{what} (status {status})"),
            false => format!("{what} (status {status}): {}", said.message),
        };
        match status {
            401 | 403 if secret.is_none() => Trouble::Shut(format!(
                "the endpoint wants a key (status {status}): name its variable by `key_env`"
            )),
            // What the server says of a key may hold a piece of it.
            401 | 403 => Trouble::Shut(format!(
                "the endpoint refuses the key (status {status}): mend the variable of `key_env`"
            )),
            402 => Trouble::Shut(reason("the account cannot pay: mend that and build again")),
            404 | 405 => Trouble::Absent(reason("no such model or address: mend `model` or `url`")),
            429 if said.out_of_quota => {
                Trouble::Shut(reason("the quota is used up: raise it and build again"))
            }
            429 | 503 | 529 => Trouble::Refused { reason: reason("the endpoint is at its limit"), after },
            408 | 504 => Trouble::Overdue(reason("the endpoint took too long")),
            409 | 425 | 500..=599 => Trouble::Passing(reason("the endpoint failed")),
            300..=399 => Trouble::Shut(reason("the endpoint has moved: mend `url`")),
            _ => Trouble::Final(reason("the endpoint refuses the request")),
        }
    }

    /// Reads an error that came as if it were an answer.
    pub(crate) fn in_answer(error: &serde_json::Value, body: &[u8], secret: Option<&Secret>) -> Self {
        let code = error.get("code").and_then(serde_json::Value::as_u64);
        match code.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code)) {
            Some(status) => Trouble::of(status, body, None, secret),
            None => Trouble::Passing(format!("the endpoint failed: {}", Said::read(body, secret).message)),
        }
    }

    pub(crate) fn reason(&self) -> &str {
        match self {
            Trouble::Refused { reason, .. } => reason,
            Trouble::Passing(reason)
            | Trouble::Overdue(reason)
            | Trouble::Shut(reason)
            | Trouble::Absent(reason)
            | Trouble::Final(reason) => reason,
        }
    }

    /// Returns what a call that gives up here says.
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            Trouble::Final(reason) => Failure::Final(reason),
            other => Failure::Owed(other.reason().to_owned()),
        }
    }
}

/// What a server says of its refusal.
struct Said {
    message: String,
    out_of_quota: bool,
}

impl Said {
    fn read(body: &[u8], secret: Option<&Secret>) -> Self {
        let text = String::from_utf8_lossy(body);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let error = json.get("error").unwrap_or(&json);
        let field = |key: &str| error.get(key).and_then(serde_json::Value::as_str);
        // Servers say it as `error.message`, `error`, `message` or `detail`, or in words of their own.
        let detail = json.get("detail").map(|detail| match detail.as_str() {
            Some(text) => text.to_owned(),
            None => detail.to_string(),
        });
        let message =
            field("message").or(error.as_str()).map(str::to_owned).or(detail).unwrap_or_else(|| {
                let is_page = text.trim_start().starts_with('<');
                if is_page { String::new() } else { text.into_owned() }
            });
        let message = match secret {
            Some(secret) => secret.hide(message),
            None => message,
        };
        let quota = |text: &str| text == "insufficient_quota";
        let out_of_quota = field("code").is_some_and(quota) || field("type").is_some_and(quota);
        Said { message: excerpt(&message, MESSAGE_CHARS), out_of_quota }
    }
}

/// Returns the beginning of a text on one line.
pub(crate) fn excerpt(text: &str, most_chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most_chars) {
        None => line,
        Some(_) => line.chars().take(most_chars - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Trouble {
        Trouble::of(status, body.as_bytes(), None, Secret::new("sk-secret-12345").as_ref())
    }

    #[test]
    fn statuses_say_who_acts_next() {
        let limit = Duration::from_secs(3);
        let refused = Trouble::of(429, b"", Some(limit), None);
        let reason = "the endpoint is at its limit (status 429)".to_owned();
        assert_eq!(refused, Trouble::Refused { reason, after: Some(limit) });
        for status in [500, 502, 409] {
            assert!(matches!(read(status, ""), Trouble::Passing(_)), "{status}");
        }
        for status in [408, 504] {
            assert!(matches!(read(status, ""), Trouble::Overdue(_)), "{status}");
        }
        assert!(matches!(read(404, ""), Trouble::Absent(_)));
        for status in [401, 402, 403, 307] {
            assert!(matches!(read(status, ""), Trouble::Shut(_)), "{status}");
        }
        for status in [400, 413, 422] {
            assert!(matches!(read(status, ""), Trouble::Final(_)), "{status}");
        }
        let quota = read(429, r#"{"error": {"message": "Pay.", "code": "insufficient_quota"}}"#);
        assert!(matches!(quota, Trouble::Shut(_)), "{quota:?}");
    }

    #[test]
    fn servers_are_quoted_on_one_short_line_without_the_key() {
        let quoted = |body: &str| read(400, body).reason().to_owned();
        let reason = "the endpoint refuses the request (status 400): Too long";
        for body in [
            r#"{"error": {"message": "Too\n long"}}"#,
            r#"{"error": "Too long"}"#,
            r#"{"message": "Too long"}"#,
            r#"{"detail": "Too long"}"#,
            "Too long",
        ] {
            assert_eq!(quoted(body), reason, "{body}");
        }
        assert_eq!(quoted("<html>Too long</html>"), "the endpoint refuses the request (status 400)");
        assert!(quoted("the key is sk-secret-12345").ends_with("the key is <key>"));
        assert!(quoted(&"long ".repeat(999)).chars().count() < 2 * MESSAGE_CHARS);
        // Servers mask keys, and show their ends.
        assert!(!read(401, "Incorrect key: sk-s****ret").reason().contains("sk-s"));
    }

    #[test]
    fn an_error_in_place_of_an_answer_counts_by_its_code() {
        let body = r#"{"error": {"code": 429, "message": "slow"}}"#;
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        assert!(matches!(Trouble::in_answer(&json["error"], body.as_bytes(), None), Trouble::Refused { .. }));
        let body = r#"{"error": {"code": "odd", "message": "odd"}}"#;
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        let odd = Trouble::in_answer(&json["error"], body.as_bytes(), None);
        assert_eq!(odd, Trouble::Passing("the endpoint failed: odd".to_owned()));
    }
}
