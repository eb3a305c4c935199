//! A scripted endpoint that speaks OpenAI's protocol on the loopback.
//!
//! ```
//! use rifflebox_testkit::{Asked, Endpoint, Said};
//!
//! // Fails at first, then says what it was asked.
//! let endpoint = Endpoint::start(|asked: &Asked| match asked.earlier {
//!     0 => Said::error(500, "not yet"),
//!     _ => asked.chat(&format!("You asked: {}", asked.prompt())),
//! })?;
//! assert!(endpoint.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(endpoint.total(), 0);
//! # Ok::<(), std::io::Error>(())
//! ```

mod batches;
mod body;
mod limited;
mod misdeeds;
mod said;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rifflebox_core::Key;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use batches::Batches;
use body::Body;
pub use limited::Limited;
pub use misdeeds::{Misdeeds, Rates};
pub use said::Said;

/// What an endpoint says to a request.
///
/// A closure over the request is a script.
///
/// # Contract
/// - It may be asked by several threads at once, in any order (trusted).
/// - Where tests are to be repeatable, what it says depends on the request alone (trusted).
pub trait Script: Send + Sync {
    /// Answers a request.
    fn answer(&self, asked: &Asked) -> Said;
}

impl<F: Fn(&Asked) -> Said + Send + Sync> Script for F {
    fn answer(&self, asked: &Asked) -> Said {
        self(asked)
    }
}

/// A request, as a script sees it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is asked for, below the endpoint's URL: `chat/completions`, `embeddings`, `score`.
    pub path: String,
    /// The body; null if it is no JSON.
    pub body: Value,
    /// The digest of the body's bytes.
    pub digest: Key,
    /// Requests with that digest before this one.
    pub earlier: usize,
    /// All requests before this one.
    pub number: usize,
    /// Requests in flight, with this one.
    pub in_flight: usize,
}

/// A request that came, as it was.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What was asked for, below the endpoint's URL.
    pub path: String,
    /// The header that carries the key.
    pub authorization: Option<String>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// Their digest.
    pub digest: Key,
}

/// A server on a free port of the loopback, which says what a script tells it and remembers what it was asked.
///
/// It has a thread of its own, so that it serves tests with any runtime or none, and ends when it is dropped. Files and
/// batches are its own to keep; the script answers each request of a batch. What the batch itself sends is no request.
#[derive(Debug)]
pub struct Endpoint {
    state: Arc<State>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct State(Mutex<Inner>);

struct Inner {
    script: Arc<dyn Script>,
    is_away: bool,
    keeps_bodies: bool,
    counts: BTreeMap<Key, usize>,
    statuses: BTreeMap<u16, usize>,
    requests: Vec<Recorded>,
    total: usize,
    in_flight: usize,
    most_in_flight: usize,
    batches: Batches,
}

impl Endpoint {
    /// Starts a server.
    ///
    /// # Errors
    /// When the loopback has no free port.
    pub fn start(script: impl Script + 'static) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let state = Arc::new(State(Mutex::new(Inner {
            script: Arc::new(script),
            is_away: false,
            keeps_bodies: true,
            counts: BTreeMap::new(),
            statuses: BTreeMap::new(),
            requests: Vec::new(),
            total: 0,
            in_flight: 0,
            most_in_flight: 0,
            batches: Batches::default(),
        })));
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = state.clone();
        let thread = std::thread::Builder::new().name("endpoint".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                tokio::select! {
                    () = serve(listener, served) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Endpoint { state, address, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns its URL, as `http://127.0.0.1:4000/v1`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Follows another script from now on.
    pub fn follow(&self, script: impl Script + 'static) {
        self.state.lock().script = Arc::new(script);
    }

    /// Goes away, or comes back: while it is away, each connection breaks without an answer.
    pub fn set_away(&self, is_away: bool) {
        self.state.lock().is_away = is_away;
    }

    /// Sets whether requests are recorded; they are by default. Counts are kept in any case.
    pub fn set_recording(&self, records: bool) {
        self.state.lock().keeps_bodies = records;
    }

    /// Sets after how many looks at it a batch has ended; one by default.
    pub fn set_looks_at_batches(&self, looks: usize) {
        self.state.lock().batches.looks = looks;
    }

    /// Returns how often each body came, by its digest: those of batches too, files and looks at batches not.
    pub fn counts(&self) -> BTreeMap<Key, usize> {
        self.state.lock().counts.clone()
    }

    /// Returns how often each status was said; 0 stands for an answer that was cut off or never came.
    pub fn statuses(&self) -> BTreeMap<u16, usize> {
        self.state.lock().statuses.clone()
    }

    /// Returns all requests that came, in their order.
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.lock().requests.clone()
    }

    /// Returns how many requests came that the script answered.
    pub fn total(&self) -> usize {
        self.state.lock().total
    }

    /// Returns how many requests were in flight at once, at most.
    pub fn most_in_flight(&self) -> usize {
        self.state.lock().most_in_flight
    }

    /// Returns how many batches were made.
    pub fn batches(&self) -> usize {
        self.state.lock().batches.count()
    }

    /// Forgets all that came so far, but for files and batches.
    pub fn forget(&self) {
        let mut inner = self.state.lock();
        inner.counts.clear();
        inner.statuses.clear();
        inner.requests.clear();
        (inner.total, inner.most_in_flight) = (0, 0);
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A script that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} requests", self.lock().total)
    }
}

impl Inner {
    /// Counts a request, and makes what the script sees of it.
    fn count(&mut self, path: &str, body: &[u8]) -> Asked {
        let digest = Key::of(body);
        let earlier = self.counts.entry(digest).or_default();
        let asked = Asked {
            path: path.to_owned(),
            body: serde_json::from_slice(body).unwrap_or_default(),
            digest,
            earlier: *earlier,
            number: self.total,
            in_flight: self.in_flight,
        };
        *earlier += 1;
        self.total += 1;
        asked
    }

    fn note(&mut self, said: &Said) {
        *self.statuses.entry(said.told_status()).or_default() += 1;
    }
}

/// Counts a request in flight, as long as somebody waits for it.
struct InFlight(Arc<State>);

impl InFlight {
    fn new(state: &Arc<State>) -> Self {
        let mut inner = state.lock();
        inner.in_flight += 1;
        inner.most_in_flight = inner.most_in_flight.max(inner.in_flight);
        InFlight(state.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        if state.lock().is_away {
            continue;
        }
        // Answers are small, and waited for.
        let _ = stream.set_nodelay(true);
        let state = state.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(state.clone(), request));
            // A connection that breaks was meant to, or its other end is gone.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let in_flight = InFlight::new(&state);
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = parts.uri.path().trim_start_matches("/v1/").to_owned();
    let kept = {
        let mut inner = state.lock();
        if inner.is_away {
            return Err(io::Error::other("the endpoint is away"));
        }
        if inner.keeps_bodies {
            let header = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
            inner.requests.push(Recorded {
                path: path.clone(),
                authorization: header.map(str::to_owned),
                body: body.to_vec(),
                digest: Key::of(&body),
            });
        }
        batches::answer(&mut inner, parts.method.as_str(), &path, &body)
    };
    let said = match kept {
        Some(said) => said,
        None => {
            let (script, asked) = {
                let mut inner = state.lock();
                (inner.script.clone(), inner.count(&path, &body))
            };
            let said = script.answer(&asked);
            state.lock().note(&said);
            said
        }
    };
    if !said.latency.is_zero() {
        tokio::time::sleep(said.latency).await;
    }
    drop(in_flight);
    said.into_response().await
}

#[cfg(test)]
mod tests;
