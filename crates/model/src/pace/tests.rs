use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;

const MOST: usize = 256;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What an endpoint bears.
#[derive(Clone, Copy)]
enum Limit {
    /// Everything.
    None,
    /// Everything, but that each so manieth is refused for no reason.
    Odd(u64),
    /// So many in flight.
    Width(usize),
    /// So many per second, and so many at once; it says when to come back, or does not.
    Bucket { per_second: f64, burst: f64, says_when: bool },
    /// So many in each stretch of seconds, and it says how long that still lasts.
    Window { requests: u32, seconds: u64 },
}

/// An endpoint that is asked for as much as the pace lets out.
struct World {
    limit: Limit,
    latency: Duration,
    left: f64,
    filled_at: Duration,
    in_flight: usize,
    sent: u64,
}

/// When a request ends and was sent, whether it is refused, and until when.
type Flight = (Duration, Duration, u8, Option<Duration>);

#[derive(Debug)]
struct Figures {
    served: usize,
    refused: usize,
    /// Served in the second half, per second.
    late_rate: f64,
}

impl World {
    fn new(limit: Limit, latency: Duration) -> Self {
        let left = match limit {
            Limit::Bucket { burst, .. } => burst,
            Limit::Window { requests, .. } => f64::from(requests),
            _ => 0.0,
        };
        World { limit, latency, left, filled_at: Duration::ZERO, in_flight: 0, sent: 0 }
    }

    /// Says what comes of a request that is sent now.
    fn send(&mut self, now: Duration) -> Signal {
        let after = match self.limit {
            Limit::None => return Signal::Served,
            Limit::Odd(each) => {
                self.sent += 1;
                // In no order: splitmix64.
                let z = self.sent.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                return if (z ^ (z >> 31)).is_multiple_of(each) {
                    Signal::Refused(None)
                } else {
                    Signal::Served
                };
            }
            Limit::Width(most) => {
                return if self.in_flight < most { Signal::Served } else { Signal::Refused(None) };
            }
            Limit::Bucket { per_second, burst, says_when } => {
                let filled = self.left + (now - self.filled_at).as_secs_f64() * per_second;
                (self.left, self.filled_at) = (filled.min(burst), now);
                says_when
                    .then(|| Duration::from_secs(((1.0 - self.left) / per_second).ceil().max(1.0) as u64))
            }
            Limit::Window { requests, seconds } => {
                let begun = Duration::from_secs(now.as_secs() / seconds * seconds);
                if begun > self.filled_at {
                    (self.left, self.filled_at) = (f64::from(requests), begun);
                }
                Some(begun + Duration::from_secs(seconds) - now)
            }
        };
        if self.left < 1.0 {
            return Signal::Refused(after);
        }
        self.left -= 1.0;
        Signal::Served
    }

    fn run(mut self, seconds: u64) -> Figures {
        let end = Duration::from_secs(seconds);
        let mut pace = Pace::new(MOST);
        let mut flying: BinaryHeap<Reverse<Flight>> = BinaryHeap::new();
        let (mut now, mut served, mut late, mut refused) = (Duration::ZERO, 0, 0, 0);
        while now < end {
            let wake = match pace.turn(now, true) {
                Turn::Now => {
                    let signal = self.send(now);
                    self.in_flight += 1;
                    let (kind, after) = match signal {
                        Signal::Refused(after) => (1, after),
                        _ => (0, None),
                    };
                    flying.push(Reverse((now + self.latency, now, kind, after)));
                    continue;
                }
                // Timers are coarse.
                Turn::At(time) => Some(ms(time.as_millis() as u64 + 1)),
                Turn::AfterAnother => None,
            };
            let ends = flying.peek().map(|Reverse(first)| first.0);
            now = wake.into_iter().chain(ends).min().unwrap().max(now);
            while let Some(Reverse((ended, sent_at, kind, after))) = flying.peek().copied() {
                if ended > now {
                    break;
                }
                flying.pop();
                self.in_flight -= 1;
                let signal = if kind == 1 { Signal::Refused(after) } else { Signal::Served };
                pace.ended(sent_at, now, signal);
                served += usize::from(kind == 0);
                late += usize::from(kind == 0 && now > end / 2);
                refused += usize::from(kind == 1);
            }
        }
        Figures { served, refused, late_rate: late as f64 * 2.0 / seconds as f64 }
    }
}

/// Runs a bucket for five minutes, and asserts that its rate is used, without a storm of refusals.
#[track_caller]
fn check_bucket(per_second: f64, burst: f64, says_when: bool, latency: Duration) {
    let figures = World::new(Limit::Bucket { per_second, burst, says_when }, latency).run(300);
    let share = figures.served as f64 / (per_second * 300.0 + burst);
    let late = figures.late_rate / per_second;
    let case =
        format!("{per_second}/s, burst {burst}, says when: {says_when}, {latency:?}: {share:.3} {figures:?}");
    println!("{case}");
    assert!(share >= 0.9 && late >= 0.9, "{case}");
    // At the start, until anything is known, as many as may be in flight.
    assert!((figures.refused as f64) < 1.2 * MOST as f64 + 0.03 * figures.served as f64, "{case}");
}

#[test]
fn a_limited_rate_is_used() {
    for per_second in [20.0, 100.0, 1000.0] {
        for burst_s in [0.05, 1.0] {
            for latency in [ms(1), ms(200)] {
                for says_when in [true, false] {
                    check_bucket(per_second, f64::max(per_second * burst_s, 4.0), says_when, latency);
                }
            }
        }
    }
}

#[test]
fn a_limit_per_minute_is_used_up() {
    let figures = World::new(Limit::Window { requests: 600, seconds: 60 }, ms(200)).run(600);
    assert!(figures.served >= 5_400, "{figures:?}");
    assert!(figures.refused < 400, "{figures:?}");
}

#[test]
fn a_limited_width_is_used() {
    for (most, latency) in [(8, ms(200)), (50, ms(200)), (100, ms(20))] {
        let figures = World::new(Limit::Width(most), latency).run(300);
        let ideal = most as f64 / latency.as_secs_f64();
        println!("{most} {latency:?} {:.3} {figures:?}", figures.late_rate / ideal);
        assert!(figures.late_rate >= 0.9 * ideal, "{figures:?} of {ideal}");
        assert!((figures.refused as f64) < MOST as f64 + 0.01 * figures.served as f64, "{figures:?}");
    }
}

#[test]
fn an_endpoint_that_bears_all_is_asked_for_all() {
    let figures = World::new(Limit::None, ms(200)).run(16);
    let ideal = MOST as f64 / 0.2 * 16.0;
    assert!(figures.served as f64 >= 0.95 * ideal, "{figures:?} of {ideal}");
}

#[test]
fn an_endpoint_that_refuses_at_times_for_no_reason_is_asked_on() {
    let figures = World::new(Limit::Odd(100), ms(200)).run(60);
    let ideal = MOST as f64 / 0.2 * 60.0;
    assert!(figures.served as f64 >= 0.8 * ideal, "{figures:?} of {ideal}");
}

#[test]
fn one_round_trip_decreases_once() {
    let mut pace = Pace::new(MOST);
    for _ in 0..FIRST_WIDTH as usize {
        assert_eq!(pace.turn(ms(0), true), Turn::Now);
    }
    assert_eq!(pace.turn(ms(0), true), Turn::AfterAnother);
    for _ in 0..FIRST_WIDTH as usize {
        pace.ended(ms(0), ms(200), Signal::Refused(None));
    }
    assert_eq!(pace.width, FIRST_WIDTH * WIDTH_KEPT);
}

#[test]
fn nothing_is_sent_before_the_endpoint_says() {
    let mut pace = Pace::new(MOST);
    for _ in 0..3 {
        assert_eq!(pace.turn(ms(0), true), Turn::Now);
    }
    pace.ended(ms(0), ms(10), Signal::Refused(Some(ms(5000))));
    // A later word that says less does not hasten it, one that says more does delay it, though it is no news.
    pace.ended(ms(0), ms(10), Signal::Refused(Some(ms(1000))));
    assert_eq!(pace.turn(ms(5009), true), Turn::At(ms(5010)));
    pace.ended(ms(0), ms(20), Signal::Refused(Some(ms(9000))));
    assert_eq!(pace.turn(ms(9019), true), Turn::At(ms(9020)));
    assert_eq!(pace.turn(ms(9020), true), Turn::Now);
}

#[test]
fn pauses_grow_while_nothing_is_served_and_end_with_what_is() {
    let mut pace = Pace::new(MOST);
    let mut now = ms(0);
    for pause in [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
        assert_eq!(pace.turn(now, true), Turn::Now);
        let sent_at = now;
        now += ms(10);
        pace.ended(sent_at, now, Signal::Refused(None));
        assert_eq!(pace.turn(now, true), Turn::At(now + ms(pause)));
        now += ms(pause);
    }
    assert_eq!(pace.turn(now, true), Turn::Now);
    pace.ended(now, now + ms(10), Signal::Served);
    assert_eq!(pace.pauses, 0);
}

#[test]
fn what_was_asked_little_is_not_taken_for_what_is_borne() {
    let mut pace = Pace::new(MOST);
    // One a second, for a minute; then one is refused.
    for second in 0..60 {
        assert_eq!(pace.turn(ms(second * 1000), false), Turn::Now);
        pace.ended(ms(second * 1000), ms(second * 1000 + 10), Signal::Served);
    }
    assert_eq!(pace.turn(ms(60_000), false), Turn::Now);
    pace.ended(ms(60_000), ms(60_010), Signal::Refused(None));
    assert!(pace.rate.is_none(), "{pace:?}");
}

#[test]
fn overdue_requests_narrow_and_slow_nothing() {
    let mut pace = Pace::new(MOST);
    for _ in 0..4 {
        assert_eq!(pace.turn(ms(0), true), Turn::Now);
    }
    for _ in 0..4 {
        pace.ended(ms(0), ms(60_000), Signal::Overdue);
    }
    assert_eq!((pace.width, pace.rate.is_none()), (FIRST_WIDTH * WIDTH_KEPT, true));
    assert_eq!(pace.turn(ms(60_000), true), Turn::Now);
}
