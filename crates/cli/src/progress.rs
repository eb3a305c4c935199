//! How a build goes: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use rifflebox::{CallFigures, Event, Progress};

use crate::output::complain;
use crate::table::grouped;

/// Documents after which the first line about them is printed; then each time that there are twice as many.
const FIRST_LINE_DOCUMENTS: u64 = 1_000;
/// The same of calls.
const FIRST_LINE_CALLS: u64 = 100;

/// Returns what watches a build for people: nothing where they want none.
pub(crate) fn progress(wanted: bool) -> Option<Arc<dyn Progress>> {
    match (wanted, std::io::stderr().is_terminal()) {
        (false, _) => None,
        (true, true) => Some(Arc::new(Bar::new())),
        (true, false) => Some(Arc::new(Lines::default())),
    }
}

struct Bar {
    bar: ProgressBar,
    pace: Pace,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        Bar { bar, pace: Pace::default() }
    }
}

impl Progress for Bar {
    fn event(&self, event: Event) {
        match event {
            Event::Publishing { done, total } => {
                let style = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len}");
                self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                self.bar.set_length(total);
                self.bar.set_position(done);
                self.bar.set_message("writing shards");
            }
            Event::Done => self.bar.finish_and_clear(),
            Event::Called(figures) => self.bar.set_message(self.pace.words(&figures)),
            other => self.bar.set_message(words(&other)),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[derive(Default)]
struct Lines {
    next_documents: AtomicU64,
    next_calls: AtomicU64,
    last: Mutex<String>,
    pace: Pace,
}

impl Progress for Lines {
    fn event(&self, event: Event) {
        let due = match event {
            Event::Documents { fed } => {
                let due = fed >= self.next_documents.load(Ordering::Relaxed).max(FIRST_LINE_DOCUMENTS);
                if due {
                    self.next_documents.store(fed.saturating_mul(2), Ordering::Relaxed);
                }
                due
            }
            Event::Called(ref figures) => {
                let ended = figures.answered + figures.failures.values().sum::<u64>();
                let due = ended >= self.next_calls.load(Ordering::Relaxed).max(FIRST_LINE_CALLS);
                if due {
                    self.next_calls.store(ended.saturating_mul(2), Ordering::Relaxed);
                }
                due
            }
            Event::Publishing { done, total } => done == total && total > 0,
            Event::Done => false,
            _ => true,
        };
        if due {
            let line = match &event {
                Event::Called(figures) => self.pace.words(figures),
                event => words(event),
            };
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if *last != line {
                complain(&line);
                *last = line;
            }
        }
    }
}

/// How fast calls are answered, from the first one on.
#[derive(Default)]
struct Pace {
    began: OnceLock<Instant>,
}

impl Pace {
    /// Says how calls go: how many, how fast, for how much, how long still, and what goes wrong.
    fn words(&self, figures: &CallFigures) -> String {
        let began = *self.began.get_or_init(Instant::now);
        called(figures, began.elapsed())
    }
}

fn called(figures: &CallFigures, since: Duration) -> String {
    let CallFigures { answered, failures, waiting, tokens, micro_usd } = figures;
    let mut line = format!("{} calls answered, {} waiting", grouped(*answered), grouped(*waiting));
    let failed: u64 = failures.values().sum();
    let rate = (answered + failed) as f64 / since.as_secs_f64().max(1e-3);
    if since >= Duration::from_secs(1) {
        line = format!("{line}; {rate:.1} a second, {:.0} s to go", *waiting as f64 / rate);
    }
    if *tokens > 0 {
        line = format!("{line}; {} tokens", grouped(*tokens));
    }
    if *micro_usd > 0 {
        line = format!("{line}, {:.2} USD", *micro_usd as f64 / 1e6);
    }
    for (kind, count) in failures {
        line = format!("{line}; {} failed: {kind}", grouped(*count));
    }
    line
}

fn words(event: &Event) -> String {
    match event {
        Event::Scanning { source } => format!("listing {source}"),
        Event::Documents { fed } => format!("{fed} changed documents"),
        Event::Committed { rows } => format!("committed {rows} rows"),
        Event::Publishing { done, total } => format!("encoded {done} of {total} shards"),
        _ => "done".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_with_rate_price_and_what_goes_wrong() {
        let failures = [("429 Too Many Requests".to_owned(), 3)].into();
        let figures =
            CallFigures { answered: 1_197, failures, waiting: 600, tokens: 50_000, micro_usd: 1_230_000 };
        assert_eq!(
            called(&figures, Duration::from_secs(60)),
            "1,197 calls answered, 600 waiting; 20.0 a second, 30 s to go; 50,000 tokens, 1.23 USD; 3 failed: 429 Too Many \
             Requests"
        );
        let first = CallFigures { answered: 1, ..CallFigures::default() };
        assert_eq!(called(&first, Duration::ZERO), "1 calls answered, 0 waiting");
    }
}
