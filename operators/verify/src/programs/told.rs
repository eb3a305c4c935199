//! What is told of a run: words that do not differ from machine to machine where the runs do not.

use std::time::Duration;

use rifflebox_sandbox::{End, Examined, Limits, Outcome};

/// Says why a program was not accepted; nothing if all its tests ran and held.
pub(super) fn refusal(outcome: &Outcome, limits: &Limits) -> Option<String> {
    let why = match &outcome.end {
        End::Tested(tested) => {
            let why = tested.why.clone().unwrap_or_default();
            match tested.examined {
                Examined::Passed => return None,
                Examined::Failed | Examined::Error | Examined::Time => why,
                Examined::Ended => format!("ended early: {why}"),
                Examined::Tampered => format!("tampered: {why}"),
                Examined::None => format!("untested: {why}"),
                Examined::Unfit => format!("unfit: {why}"),
            }
        }
        End::TooSlow => format!("took longer than {} s", limits.wall.as_secs()),
        End::Flooded => format!("printed more than {} kB", limits.output >> 10),
        End::TooLarge => format!("used more than {} MB", limits.memory >> 20),
        End::Died(0) => "the tests ended their process before they were done".to_owned(),
        End::Died(signal) => format!("the tests' process was ended by signal {signal}"),
        other => format!("not tested: {other:?}"),
    };
    Some(why)
}

/// Says what ran and what it used, in steps coarse enough to be the same next time.
pub(super) fn use_of(outcome: &Outcome) -> String {
    let ran = match &outcome.end {
        End::Tested(tested) => {
            let parts = [(tested.assertions, "assertion"), (tested.tests, "test")];
            let parts = parts.iter().filter(|(count, _)| *count > 0);
            let parts: Vec<String> = parts
                .map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" }))
                .collect();
            parts.join(" and ")
        }
        _ => String::new(),
    };
    let (time, memory) = (step_of_time(outcome.usage.cpu), step_of_memory(outcome.usage.memory));
    let comma = if ran.is_empty() { "" } else { ", " };
    format!("{ran}{comma}under {time} s and {memory} MB, {}", outcome.layers)
}

/// Returns the least of 0.1, 0.2, 0.5, 1, 2, 5 … seconds that is more.
pub(crate) fn step_of_time(time: Duration) -> String {
    let steps = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];
    let step = steps.into_iter().find(|step| time.as_secs_f64() < *step);
    step.map_or_else(|| format!("{}", time.as_secs() + 1), |step| step.to_string())
}

/// Returns the least power of two that is more, of megabytes; from 32, which an interpreter needs.
pub(crate) fn step_of_memory(bytes: u64) -> u64 {
    ((bytes >> 20) + 1).next_power_of_two().max(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_coarse() {
        let time = |ms| step_of_time(Duration::from_millis(ms));
        assert_eq!([3, 99, 100, 1_999, 700_000].map(time), ["0.1", "0.1", "0.2", "2", "701"]);
        assert_eq!([0, 19 << 20, 32 << 20, 100 << 20].map(step_of_memory), [32, 32, 64, 128]);
    }
}
