//! One request over HTTP: what goes out, what comes back, and what it means when nothing does.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, Url};
use rifflebox_core::{Error, ErrorKind, Result};
use tokio::time::timeout;

use crate::secret::Secret;
use crate::settings::ModelSettings;
use crate::trouble::{Trouble, excerpt};

/// What an endpoint may send for one request.
const MOST_BYTES: usize = 256 << 20;

/// The way to one endpoint.
#[derive(Debug)]
pub(crate) struct Transport {
    client: Client,
    url: Url,
    secret: Option<Secret>,
    limit: Duration,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    /// Below the endpoint's URL, as `chat/completions`.
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    /// Whether an endpoint may lack the address, and all else still be well.
    pub(crate) is_aside: bool,
}

impl Sent {
    /// Makes a request that asks for something by JSON.
    pub(crate) fn post(path: &str, body: String) -> Self {
        Sent {
            method: Method::POST,
            path: path.to_owned(),
            content_type: "application/json",
            body,
            is_aside: false,
        }
    }

    /// Makes a request that reads something.
    pub(crate) fn get(path: String) -> Self {
        Sent { method: Method::GET, path, ..Sent::post("", String::new()) }
    }

    /// Says that an endpoint may lack the address, and all else still be well.
    pub(crate) fn aside(mut self) -> Self {
        self.is_aside = true;
        self
    }
}

/// Makes what all transports of a process may share.
///
/// # Errors
/// [`ErrorKind::Usage`] when the system has no certificates to trust.
pub(crate) fn client(url: &Url) -> Result<Client> {
    // A redirect could carry the key, and the question, to another place.
    let mut builder = Client::builder().redirect(reqwest::redirect::Policy::none());
    let is_here = match url.host_str() {
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    };
    if is_here {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        Error::new(ErrorKind::Usage, "no client for HTTP can be made here").with_source(error.without_url())
    })
}

impl Transport {
    /// Makes the way to a model's endpoint.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] when the URL is refused, or the key is nothing that a header may carry.
    pub(crate) fn new(client: Client, settings: &ModelSettings, secret: Option<Secret>) -> Result<Self> {
        if let Some(secret) = &secret {
            bearer(secret)?;
        }
        Ok(Transport { client, url: settings.url.parse()?, secret, limit: settings.timeout() })
    }

    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Sends a request once, and returns the body of what came back, without the key.
    pub(crate) async fn send(&self, sent: &Sent) -> Result<String, Trouble> {
        match timeout(self.limit, self.exchange(sent)).await {
            Ok(said) => said,
            Err(_) => {
                let seconds = self.limit.as_secs();
                Err(Trouble::Overdue(format!("no answer within {seconds} s: is `timeout_s` enough?")))
            }
        }
    }

    async fn exchange(&self, sent: &Sent) -> Result<String, Trouble> {
        let mut url = self.url.clone();
        let path = format!("{}/{}", url.path().trim_end_matches('/'), sent.path);
        let (path, query) =
            path.split_once('?').map_or((path.as_str(), None), |(path, query)| (path, Some(query)));
        url.set_path(path);
        url.set_query(query);
        let mut request = self.client.request(sent.method.clone(), url);
        if let Some(secret) = &self.secret {
            let header = bearer(secret).expect("it was tried when the transport was made");
            request = request.header(AUTHORIZATION, header);
        }
        if sent.method != Method::GET {
            request = request.header(CONTENT_TYPE, sent.content_type).body(sent.body.clone());
        }
        let mut response = request.send().await.map_err(|error| self.broken(error))?;
        let (status, after) = (response.status().as_u16(), retry_after(response.headers()));
        let body = self.body(&mut response).await;
        if !(200..300).contains(&status) {
            // What a refusal says is worth less than that it is one.
            return Err(Trouble::of(status, &body.unwrap_or_default(), after, self.secret()));
        }
        let Ok(text) = String::from_utf8(body?) else {
            return Err(Trouble::Passing("the answer is no UTF-8".to_owned()));
        };
        Ok(match &self.secret {
            Some(secret) => secret.hide(text),
            None => text,
        })
    }

    async fn body(&self, response: &mut Response) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(error))? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BYTES {
                return Err(Trouble::Final(format!("the answer is longer than {} MiB", MOST_BYTES >> 20)));
            }
        }
        Ok(body)
    }

    /// Says what became of a connection; never where it led, for that may be secret.
    fn broken(&self, error: reqwest::Error) -> Trouble {
        let error = error.without_url();
        let what = match () {
            () if error.is_connect() => "cannot connect to the endpoint",
            () if error.is_body() || error.is_decode() => "the answer was cut off on its way",
            () => "the connection to the endpoint broke",
        };
        // The innermost cause says most.
        let mut cause = error.source();
        while let Some(deeper) = cause.and_then(std::error::Error::source) {
            cause = Some(deeper);
        }
        let cause = cause.map(ToString::to_string).unwrap_or_default();
        let cause = match &self.secret {
            Some(secret) => secret.hide(cause),
            None => cause,
        };
        Trouble::Passing(match cause.is_empty() {
            true => what.to_owned(),
            false => format!("{what}: {}", excerpt(&cause, 120)),
        })
    }
}

/// Returns the header that carries a key.
fn bearer(secret: &Secret) -> Result<HeaderValue> {
    let header = HeaderValue::from_str(&format!("Bearer {}", secret.reveal()));
    let mut header = header.map_err(|_| {
        Error::new(ErrorKind::Usage, "the key in the variable of `key_env` holds what no key holds")
    })?;
    header.set_sensitive(true);
    Ok(header)
}

/// Reads for how long nothing is to come: a number of seconds, or a date, which counts from the server's own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::trim);
    let after = text(RETRY_AFTER)?;
    if let Ok(seconds) = after.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = |text| httpdate::parse_http_date(text).ok();
    // Without a date of the server's own, nobody here knows what time it has.
    let (then, now) = (date(after)?, date(text(DATE)?)?);
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        let pairs = headers.iter().map(|(name, value)| {
            (reqwest::header::HeaderName::from_static(name), HeaderValue::from_static(value))
        });
        retry_after(&pairs.collect())
    }

    #[test]
    fn waits_are_seconds_or_dates_by_the_servers_clock() {
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[("retry-after", "3")]), Some(Duration::from_secs(3)));
        assert_eq!(after(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        for wrong in ["-1", "soon", "1e99", "NaN", ""] {
            assert_eq!(after(&[("retry-after", wrong)]), None, "{wrong}");
        }
        let then = ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(after(&[then, ("date", "Sun, 06 Nov 1994 08:49:30 GMT")]), Some(Duration::from_secs(7)));
        assert_eq!(after(&[then, ("date", "Sun, 06 Nov 1994 08:49:50 GMT")]), Some(Duration::ZERO));
        assert_eq!(after(&[then]), None);
    }
}
