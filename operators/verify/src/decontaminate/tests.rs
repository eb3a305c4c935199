use std::collections::BTreeSet;

use proptest::prelude::*;
use rifflebox_core::{Content, Fields, Origin, Tier};

use super::*;

fn document(id: &str, text: &str) -> Document {
    Document {
        source: "exam".into(),
        id: id.into(),
        text: text.into(),
        tier: Tier::T0,
        license: None,
        origin: Origin::default(),
        fields: Fields::new(),
        redactions: Default::default(),
    }
}

fn row(id: &str, columns: &[(&str, &str)]) -> Document {
    let fields = columns.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
    Document { fields, ..document(id, "") }
}

fn sample(content: Content) -> Sample {
    Sample {
        stage: "made".into(),
        content,
        context: None,
        documents: vec![],
        tier: Tier::T3,
        synthetic: true,
        origin: Origin::default(),
        fields: Fields::new(),
    }
}

fn text(text: &str) -> Sample {
    sample(Content::Text { text: text.to_owned() })
}

fn verifier(settings: DecontaminateSettings, documents: Vec<Document>) -> Arc<dyn Verifier> {
    Decontaminate::new(settings).unwrap().against(Arc::new(HeldOut::of(documents)))
}

fn default(documents: Vec<Document>) -> Arc<dyn Verifier> {
    verifier(DecontaminateSettings::default(), documents)
}

const BOX: &str = "A riffle box splits 48 buckets of ore into 2 fair halves, and each half goes through the box again; \
                   how many buckets are left after 4 rounds of splitting?";

#[track_caller]
fn reason(verifier: &dyn Verifier, sample: &Sample) -> String {
    let verdict = verifier.verify(sample, &[]);
    assert!(!verdict.accept, "{sample:?} is accepted");
    verdict.reason.expect("a rejection has a reason")
}

#[test]
fn a_copy_is_named_with_its_source_id_column_and_extent() {
    let clean = default(vec![document("7", BOX)]);
    let whole = "verbatim: 30 words in a row of exam:7 (text), and 1.00 of its runs of 5";
    assert_eq!(reason(&*clean, &text(BOX)), whole);
    assert_eq!(reason(&*clean, &text(&format!("Before it.\n\n{} After it.", BOX.to_uppercase()))), whole);
    let part: Vec<&str> = BOX.split(' ').skip(3).take(13).collect();
    assert_eq!(
        reason(&*clean, &text(&part.join(" "))),
        "verbatim: 13 words in a row of exam:7 (text), and 0.35 of its runs of 5"
    );
    assert!(clean.verify(&text(&part[2..].join(" ")), &[]).accept, "11 words are no copy");
}

#[test]
fn an_edited_or_shuffled_copy_is_near() {
    let clean = default(vec![document("7", BOX)]);
    let edited =
        BOX.replace("48", "36").replace("goes through", "passes").replace("left after", "there after");
    let said = reason(&*clean, &text(&edited));
    assert_eq!(said, "near: 0.58 of the runs of 5 words of exam:7 (text), and 10 words in a row");
    let (first, second) = BOX.split_at(BOX.find("and each").unwrap());
    let (second, third) = second.split_at(second.find("how many").unwrap());
    let said = reason(&*clean, &text(&format!("{third} {second} {first}")));
    assert!(said.starts_with("near: 0.6"), "{said}");
}

#[test]
fn a_text_shorter_than_the_row_counts_as_a_whole() {
    let clean = default(vec![
        document("s", "Name the capital city of France"),
        document("t", "Name the capital city"),
    ]);
    assert_eq!(
        reason(&*clean, &text("So: name the capital city of France!")),
        "verbatim: 6 words in a row of exam:s (text), and 1.00 of its runs of 5"
    );
    // All but one word is not the whole, and what has fewer words than a run is not looked for.
    assert!(clean.verify(&text("Name the capital city of Italy"), &[]).accept);
    let mut noted = Vec::new();
    for held in [document("s", "Name the capital city of France"), document("t", "Name the capital city")] {
        Decontaminate::default().notes(&held, &mut |name| noted.push(name.to_owned()));
    }
    assert_eq!(noted, ["held-out documents", "held-out documents too short to be found"]);
}

#[test]
fn columns_context_and_fields_are_looked_at_together() {
    let (asked, answered) = BOX.split_at(BOX.find("and each").unwrap());
    let clean = default(vec![document("7", BOX)]);
    let pair = Content::Completion { prompt: asked.to_owned(), completion: answered.to_owned() };
    assert!(reason(&*clean, &sample(pair)).starts_with("verbatim: 30 words"));
    let aside = Sample { context: Some(BOX.to_owned()), ..text("Nothing.") };
    assert!(reason(&*clean, &aside).starts_with("verbatim: 30 words"));
    let hidden = Fields::from([("from".to_owned(), Value::List(vec![Value::from(BOX)]))]);
    assert!(
        reason(&*clean, &Sample { fields: hidden, ..text("Nothing.") }).starts_with("verbatim: 30 words")
    );
}

#[test]
fn rows_are_looked_for_column_by_column() {
    let held = row("1", &[("question", BOX), ("answer", "There are 3 buckets left"), ("level", "easy")]);
    let clean = default(vec![held.clone()]);
    assert!(reason(&*clean, &text("there are 3 buckets left.")).contains("exam:1 (answer)"));
    assert!(reason(&*clean, &text(BOX)).contains("exam:1 (question)"));
    let settings = DecontaminateSettings { columns: vec!["question".into()], ..Default::default() };
    let clean = verifier(settings, vec![held]);
    assert!(clean.verify(&text("there are 3 buckets left."), &[]).accept);
}

#[test]
fn a_form_that_many_share_counts_for_nothing() {
    let form = "Read the passage below, choose one of the four answers, and give its letter alone:";
    let items = |count: u32| {
        (0..count)
            .map(|i| document(&i.to_string(), &format!("{form} item{i} asks w{i} x{i} y{i} z{i}")))
            .collect()
    };
    assert!(default(items(11)).verify(&text(form), &[]).accept);
    assert!(reason(&*default(items(10)), &text(form)).starts_with("verbatim"));
    // What is an item's own is still found.
    assert!(
        reason(&*default(items(11)), &text(&format!("{form} item3 asks w3 x3 y3 z3"))).contains("exam:3 ")
    );
}

#[test]
fn the_identity_is_that_of_check_and_items() {
    let print = |verifier: Arc<dyn Verifier>| verifier.identity().fingerprint();
    let one = print(default(vec![document("1", BOX), document("2", "b")]));
    assert_eq!(one, print(default(vec![document("2", "b"), document("1", BOX)])));
    assert_ne!(one, print(default(vec![document("1", BOX)])));
    let settings = DecontaminateSettings { threshold: 0.6, ..Default::default() };
    assert_ne!(one, print(verifier(settings, vec![document("1", BOX), document("2", "b")])));
}

#[test]
fn settings_out_of_bounds_are_named() {
    let refusal = |settings| Decontaminate::new(settings).unwrap_err().to_string();
    let sound = DecontaminateSettings::default();
    assert!(refusal(DecontaminateSettings { n: 4, ..sound.clone() }).contains("`n`"));
    assert!(refusal(DecontaminateSettings { near_n: 1, ..sound.clone() }).contains("`near_n`"));
    assert!(refusal(DecontaminateSettings { common: 0, ..sound.clone() }).contains("`common`"));
    for threshold in [0.0, 1.5, f64::NAN] {
        assert!(refusal(DecontaminateSettings { threshold, ..sound.clone() }).contains("`threshold`"));
    }
}

/// The definition, with lists and sets of words: the greatest containment among the texts that a sample holds.
fn reference(settings: &DecontaminateSettings, held: &[String], sample: &str) -> Option<(bool, usize, f64)> {
    let words =
        |text: &str| text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    // Numbers are alike, and nothing but numbers is no run.
    let blurred = |word: &String| if word.parse::<u32>().is_ok() { "0".to_owned() } else { word.clone() };
    let blur = |run: &[String]| run.iter().map(blurred).collect::<Vec<String>>();
    let is_run = |run: &Vec<String>| run.iter().any(|word| word != "0");
    let runs =
        |text: &[String]| text.windows(settings.near_n).map(blur).filter(is_run).collect::<BTreeSet<_>>();
    let held: Vec<Vec<String>> = held.iter().map(|text| words(text)).collect();
    let (all, sample_words) = (held.iter().map(|text| runs(text)).collect::<Vec<_>>(), words(sample));
    let sample_runs = runs(&sample_words);
    let mut best: Option<(bool, usize, f64)> = None;
    for (text, own) in held.iter().zip(&all) {
        let counts =
            |run: &&Vec<String>| all.iter().filter(|other| other.contains(*run)).count() <= settings.common;
        let counting: Vec<_> = own.iter().filter(counts).collect();
        let found: Vec<_> = counting.iter().filter(|run| sample_runs.contains(**run)).collect();
        if found.is_empty() {
            continue;
        }
        // The longest row of words that both have, and that holds a run which counts.
        let mut longest = 0;
        for from in 0..text.len() {
            for to in from + 1..=text.len() {
                let row = &text[from..to];
                let held_there = sample_words.windows(row.len()).any(|other| other == row);
                if held_there
                    && row.windows(settings.near_n).any(|run| found.iter().any(|found| ***found == blur(run)))
                {
                    longest = longest.max(row.len());
                }
            }
        }
        let share = found.len() as f64 / counting.len() as f64;
        let verbatim = longest >= settings.n.min(text.len());
        let near = counting.len() > settings.n - settings.near_n && share >= settings.threshold;
        if (verbatim || near) && best.is_none_or(|(_, row, most)| (share, longest) > (most, row)) {
            best = Some((verbatim, longest, share));
        }
    }
    best
}

#[test]
fn texts_that_say_the_same_again_and_again_are_compared_in_little_more_than_one() {
    let again = |times: usize| "all that the river carries in a year ".repeat(times);
    let judge = default(vec![document("river", &again(9_000))]);
    let said = "verbatim: 48000 words in a row of exam:river (text), and 1.00 of its runs of 5";
    assert_eq!(reason(&*judge, &text(&again(6_000))), said);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_found_is_what_the_definition_finds(
        held in prop::collection::vec(prop_oneof!["([abc12] ){0,14}", "([ab] ){0,14}"], 1..6),
        sample in prop_oneof!["([abc12] ){0,30}", "([ab] ){0,30}"],
        n in 3usize..7,
        near_n in 2usize..4,
        common in 1usize..4,
    ) {
        let settings = DecontaminateSettings { n, near_n, common, threshold: 0.6, columns: Vec::new() };
        let documents = held.iter().enumerate().map(|(i, text)| document(&i.to_string(), text)).collect();
        let verdict = verifier(settings.clone(), documents).verify(&text(&sample), &[]);
        match reference(&settings, &held, &sample) {
            None => prop_assert_eq!(verdict.reason, None),
            Some((verbatim, longest, share)) => {
                let reason = verdict.reason.unwrap_or_default();
                prop_assert_eq!(reason.starts_with("verbatim"), verbatim, "{}", reason);
                let row = format!("{longest} words in a row");
                prop_assert!(reason.contains(&row), "{}, and {}", reason, row);
                prop_assert!((verdict.score.value() - (1.0 - share)).abs() < 1e-5, "{} {}", reason, share);
            }
        }
    }
}
