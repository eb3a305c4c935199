//! Calls per second over the loopback: against an endpoint without latency, one that takes 200 ms, and a limited one.
//!
//! `cargo bench -p rifflebox-model --bench throughput`. Client and endpoint share the machine.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

use std::time::{Duration, Instant};

use rifflebox_model::{ChatRequest, Model, ModelSettings};
use rifflebox_testkit::{Asked, Endpoint, Limited, Script};
use tokio::task::JoinSet;

/// What came of a run.
struct Figures {
    calls: usize,
    seconds: f64,
    refusals: usize,
    most_in_flight: usize,
}

/// Makes calls, as many at once as the model may, and twice as many that wait.
async fn calls(script: impl Script + 'static, concurrency: usize, calls: usize) -> Figures {
    let endpoint = Endpoint::start(script).unwrap();
    endpoint.set_recording(false);
    let mut settings = ModelSettings::new(&endpoint.url(), "small", "llama");
    (settings.concurrency, settings.retries) = (concurrency, 50);
    let model = Model::new(settings, |_| None).unwrap();
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for number in 0..calls {
        if tasks.len() == 3 * concurrency {
            tasks.join_next().await.unwrap().unwrap();
        }
        let model = model.clone();
        tasks.spawn(async move {
            let request = ChatRequest::user(format!("What is the number {number} about?"));
            model.chat(&request).await.unwrap();
        });
    }
    tasks.join_all().await;
    let seconds = began.elapsed().as_secs_f64();
    let refusals = endpoint.statuses().get(&429).copied().unwrap_or_default();
    Figures { calls, seconds, refusals, most_in_flight: endpoint.most_in_flight() }
}

fn say(name: &str, figures: &Figures, ideal: Option<f64>) {
    let rate = figures.calls as f64 / figures.seconds;
    let share = ideal.map_or_else(String::new, |ideal| format!("{:.1} %", 100.0 * rate / ideal));
    let (refusals, width) = (figures.refusals, figures.most_in_flight);
    println!("| {name} | {rate:.0} | {share} | {refusals} of {} | {width} |", figures.calls);
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let quick = |asked: &Asked| asked.chat("It is about itself.");
    println!("| endpoint | calls/s | of the ideal | refused | most in flight |");
    println!("|---|---|---|---|---|");
    for concurrency in [1, 16, 64] {
        let figures =
            runtime.block_on(calls(quick, concurrency, if concurrency == 1 { 3_000 } else { 20_000 }));
        say(&format!("no latency, concurrency {concurrency}"), &figures, None);
    }
    let latency = Duration::from_millis(200);
    let slow = move |asked: &Asked| quick(asked).after(latency);
    let figures = runtime.block_on(calls(slow, 256, 20_480));
    say("200 ms, concurrency 256", &figures, Some(256.0 / latency.as_secs_f64()));
    for (burst, is_silent) in [(100.0, false), (100.0, true), (20.0, false), (20.0, true)] {
        let limited = Limited::new(move |asked: &Asked| quick(asked).after(latency / 4), 100.0, burst);
        let limited = if is_silent { limited.silent() } else { limited };
        let figures = runtime.block_on(calls(limited, 64, 6_000));
        let when = if is_silent { "silent" } else { "says when" };
        // Of what it allows in that time: its rate, and what it had saved up.
        let ideal = 100.0 + burst / figures.seconds;
        say(&format!("100/s, burst {burst}, {when}"), &figures, Some(ideal));
    }
}
