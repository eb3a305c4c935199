//! How a build goes: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use rifflebox::{Event, Progress};

use crate::output::complain;

/// Documents after which the first line about them is printed; then each time that there are twice as many.
const FIRST_LINE_DOCUMENTS: u64 = 1_000;

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
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        Bar { bar }
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
    last: Mutex<String>,
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
            Event::Publishing { done, total } => done == total && total > 0,
            Event::Done => false,
            _ => true,
        };
        if due {
            let line = words(&event);
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if *last != line {
                complain(&line);
                *last = line;
            }
        }
    }
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
