//! `supported` against questions with planted faults, over real documents and real questions of them.
//!
//! The bundled documents are always read; with `RIFFLEBOX_DATA` naming the data folder, its documents are too.

mod corpus;
mod faults;

use std::collections::BTreeMap;

use rifflebox_core::{Key, Verifier};
use rifflebox_verify::Supported;

use corpus::{Case, bundled, data_folder};
use faults::{KINDS, plant};

/// Planted faults of each kind: five hundred in all.
const PER_KIND: usize = 100;

#[test]
fn planted_faults_are_rejected_and_sound_questions_pass() {
    check("bundled", &bundled(), PER_KIND);
}

#[test]
fn the_data_folder_agrees() {
    match data_folder() {
        Some(cases) => check("data folder", &cases, PER_KIND),
        None => println!("RIFFLEBOX_DATA is not set: only the bundled documents were read"),
    }
}

/// Draws cases by digest, plants each kind of fault, and counts what is rejected and why.
fn check(name: &str, cases: &[Case], per_kind: usize) {
    let verdict =
        |case: &Case| Supported::default().verify(&case.sample, std::slice::from_ref(&case.document));
    let refused: Vec<_> = cases.iter().filter_map(|case| Some((case, verdict(case).reason?))).collect();
    for (case, reason) in refused.iter().take(20) {
        println!(
            "REFUSED {reason}\n  {}\n  Q {}\n  A {}",
            case.document.id,
            case.prompt(),
            case.completion()
        );
    }
    let passed = cases.len() - refused.len();
    println!("{name}: {passed} of {} sound questions pass", cases.len());

    let (mut planted, mut rejected, mut reasons) = (0, 0, BTreeMap::new());
    for kind in KINDS {
        let mut drawn: Vec<(Key, usize)> = (0..cases.len() * 4)
            .map(|draw| (Key::builder("draw").text(kind).number(draw as u64).finish(), draw))
            .collect();
        drawn.sort();
        let faulty =
            drawn.into_iter().filter_map(|(seed, draw)| plant(kind, cases, draw % cases.len(), seed));
        let (mut of_kind, mut caught) = (0, 0);
        for case in faulty.take(per_kind) {
            let verdict = verdict(&case);
            of_kind += 1;
            caught += usize::from(!verdict.accept);
            match verdict.reason {
                Some(reason) => {
                    let word = reason.split(':').next().unwrap_or_default().to_owned();
                    *reasons.entry((kind, word)).or_insert(0) += 1;
                }
                None => println!("MISSED {kind}\n  Q {}\n  A {}", case.prompt(), case.completion()),
            }
        }
        println!("{name}: {kind}: {caught} of {of_kind} rejected");
        assert_eq!(of_kind, per_kind, "{kind}: too few faults could be planted");
        assert!(caught * 100 >= of_kind * 90, "{kind}: {caught} of {of_kind}");
        planted += of_kind;
        rejected += caught;
    }
    println!("{name}: {rejected} of {planted} planted faults rejected {reasons:?}");
    assert!(rejected * 100 >= planted * 95, "{rejected} of {planted}");
    assert!(passed * 100 >= cases.len() * 92, "{passed} of {}", cases.len());
}

/// What `supported` says of each bundled question and of each planted fault, as it was: verdicts that drift
/// without a new version fail here. Bless with `RIFFLEBOX_BLESS=1` after raising the version.
#[test]
fn verdicts_are_those_of_the_golden_file() {
    let identity = Supported::default().identity();
    let mut golden = format!("{} {} {}\n", identity.name, identity.version, identity.fingerprint());
    let mut say = |kind: &str, case: &Case| {
        let verdict = Supported::default().verify(&case.sample, std::slice::from_ref(&case.document));
        let digest = Key::builder("case")
            .text(&case.document.text)
            .text(case.prompt())
            .text(case.completion())
            .finish();
        golden.push_str(&format!("{digest} {kind}: {}\n", verdict.reason.as_deref().unwrap_or("ok")));
    };
    let cases = bundled();
    cases.iter().for_each(|case| say("sound", case));
    for kind in KINDS {
        for at in (0..cases.len()).step_by(3) {
            let seed = Key::builder("golden").text(kind).number(at as u64).finish();
            if let Some(case) = plant(kind, &cases, at, seed) {
                say(kind, &case);
            }
        }
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/planted/supported.golden");
    if std::env::var_os("RIFFLEBOX_BLESS").is_some() {
        std::fs::write(&path, &golden).expect("the golden file can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert!(
        golden == kept,
        "verdicts differ from the golden file: raise the version, then bless it\n{differs:?}"
    );
}
