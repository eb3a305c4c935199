//! A build that is killed again and again while it pays.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rifflebox_core::Key;
use rifflebox_testkit::{Asked, Misdeeds, Random, Rates, Script};

use super::house::{House, honest};

/// How long a finished call may wait before it is safe.
const PATIENCE: Duration = Duration::from_secs(1);

/// When each body was answered well.
type Answered = Arc<Mutex<BTreeMap<Key, Vec<Instant>>>>;

/// Misbehaves as often as any endpoint does, and notes when each body was answered well.
struct Noted {
    misdeeds: Misdeeds,
    answered: Answered,
}

impl Script for Noted {
    fn answer(&self, asked: &Asked) -> rifflebox_testkit::Said {
        let said = self.misdeeds.answer(asked);
        if said.is_sound() {
            self.answered.lock().unwrap().entry(asked.digest).or_default().push(Instant::now());
        }
        said
    }
}

fn house(documents: usize) -> (House, Answered) {
    let answered: Answered = Arc::default();
    // An answer that has to be mended is no answer yet: what is noted here ends its call.
    let rates =
        Rates { refused: 2, refused_silently: 2, garbage: 0, wrong_schema: 0, duplicate: 0, ..Rates::some() };
    let misdeeds =
        Misdeeds::new(7, rates, honest).latency(Duration::from_millis(10), Duration::from_millis(60));
    let house = House::new(documents, Noted { misdeeds, answered: answered.clone() });
    (house, answered)
}

#[test]
fn what_was_paid_for_stays_paid_whenever_a_build_dies() {
    let long = std::env::var("RIFFLEBOX_LONG").is_ok_and(|value| value == "1");
    let (documents, deaths) = if long { (2_500, 20) } else { (250, 5) };
    let (calm, _) = house(documents);
    let (undisturbed, _) = calm.build();
    let (house, answered) = house(documents);
    let mut random = Random::new(3);
    let mut safe: BTreeMap<Key, usize> = BTreeMap::new();
    let mut killed = 0;
    while killed < deaths {
        let mut command = house.folder.command(&["build", "--json", "--quiet"]);
        command.env("MODELS", house.endpoint.url()).stdout(std::process::Stdio::null());
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        let lasts = Duration::from_millis(1_200 + random.below(if long { 4_000 } else { 600 }));
        while begun.elapsed() < lasts && child.try_wait().unwrap().is_none() {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        if child.try_wait().unwrap().is_some() {
            // It came to its end before it could be killed: its answers are all safe.
            break;
        }
        let now = Instant::now();
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        let answered = answered.lock().unwrap();
        for (body, times) in answered.iter() {
            let again = safe.get(body).is_some_and(|known| times.len() > *known);
            assert!(!again, "a call that was safe is made again after death {killed}");
            // What an earlier build heard just before it died was lost, and does not become safe by waiting.
            if times.iter().any(|time| begun <= *time && *time + PATIENCE <= now) {
                safe.insert(*body, times.len());
            }
        }
    }
    assert!(killed >= 2 && safe.len() > documents / 10, "{killed} deaths, {} calls safe", safe.len());
    println!("{killed} deaths, {} calls safe by the last of them", safe.len());
    let (report, _) = house.build();
    let answered = answered.lock().unwrap();
    let again = safe.iter().filter(|(body, known)| answered[*body].len() > **known).count();
    assert_eq!(again, 0, "of {} safe calls", safe.len());
    assert_eq!(report["snapshot"], undisturbed["snapshot"]);
    assert_eq!(house.build().1, 0);
}

#[test]
fn an_outage_leaves_no_trace_once_it_is_over() {
    let (calm, _) = house(40);
    let (undisturbed, _) = calm.build();
    let (house, _) = house(40);
    house.edit("[model.first]\nurl = \"${MODELS}\"", "[model.first]\nretries = 0\nurl = \"${MODELS}\"");
    house.edit("[model.second]\nurl = \"${MODELS}\"", "[model.second]\nretries = 0\nurl = \"${MODELS}\"");
    house.edit("[model.teacher]\nurl = \"${MODELS}\"", "[model.teacher]\nretries = 0\nurl = \"${MODELS}\"");
    house.endpoint.set_away(true);
    let told = house.run(&["build", "--json", "--quiet"]).exits(4);
    assert!(told.stderr().contains("calls are owed"), "{}", told.stderr());
    house.endpoint.set_away(false);
    let mut builds = 0;
    // Single attempts at an endpoint that misbehaves: several builds, each of which asks what is owed.
    let report = loop {
        let ran = house.run(&["build", "--json", "--quiet"]);
        builds += 1;
        assert!(builds < 12, "{}", ran.stderr());
        if ran.code() == Some(0) {
            break ran.json();
        }
    };
    assert_eq!(report["snapshot"], undisturbed["snapshot"]);
}
