use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::*;

const LATENCY: Duration = Duration::from_millis(200);

/// Sends so many requests that take 200 ms each, and returns how long that takes.
async fn sent(gate: &Arc<Gate>, requests: usize) -> Duration {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..requests {
        let gate = gate.clone();
        tasks.spawn(async move {
            let pass = gate.enter().await;
            sleep(LATENCY).await;
            pass.end(Signal::Served);
        });
    }
    tasks.join_all().await;
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_width_of_256_is_used_nearly_whole() {
    let gate = Arc::new(Gate::new(256));
    let requests = 20_480;
    let ideal = LATENCY * (requests / 256) as u32;
    let took = sent(&gate, requests).await;
    let share = ideal.as_secs_f64() / took.as_secs_f64();
    println!("{share:.4} of the ideal");
    assert!(share >= 0.95, "{took:?} for {ideal:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_first_goes_first() {
    let gate = Arc::new(Gate::new(1));
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (gate, order) = (gate.clone(), order.clone());
        tasks.spawn(async move {
            // In this order, and all before the first is done.
            sleep(Duration::from_millis(number)).await;
            let pass = gate.enter().await;
            order.lock().unwrap().push(number);
            sleep(LATENCY).await;
            pass.end(Signal::Served);
        });
    }
    tasks.join_all().await;
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_holds_all_until_the_endpoint_says() {
    let gate = Arc::new(Gate::new(8));
    let pass = gate.enter().await;
    pass.end(Signal::Refused(Some(Duration::from_secs(7))));
    let took = sent(&gate, 3).await;
    assert!(took >= Duration::from_secs(7) && took < Duration::from_secs(8), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_takes_no_place() {
    let gate = Arc::new(Gate::new(2));
    // One goes away with a pass, one in the queue, one at its head.
    drop(gate.enter().await);
    let held = (gate.enter().await, gate.enter().await);
    for _ in 0..3 {
        let waited = tokio::time::timeout(LATENCY, gate.enter()).await;
        assert!(waited.is_err());
    }
    assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
    drop(held);
    assert!(sent(&gate, 4).await < LATENCY * 3);
}
