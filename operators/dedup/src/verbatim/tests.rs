use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use rifflebox_core::{Fields, Origin, Outcome, Tier, Value};
use rifflebox_dataflow::Pace;
use rifflebox_testkit::{Judging, Random};

use super::*;

fn document(id: &str, text: String, depth: u32) -> Document {
    Document {
        source: "docs".to_owned(),
        id: id.to_owned(),
        text,
        tier: Tier::T0,
        license: None,
        origin: Origin { depth, ..Origin::default() },
        fields: Fields::new(),
        redactions: Default::default(),
    }
}

fn verbatim(change: impl FnOnce(&mut VerbatimSettings)) -> Arc<Verbatim> {
    let mut settings = VerbatimSettings::default();
    change(&mut settings);
    Arc::new(Verbatim::new(settings, Path::new("")).unwrap())
}

fn pace(workers: usize) -> Pace {
    Pace { workers, ..Pace::default() }
}

/// Words by the definition: with a regular expression, as texts, and with their places.
fn words_at(text: &str) -> Vec<(String, std::ops::Range<usize>)> {
    let word = regex::Regex::new(r"\w+").unwrap();
    word.find_iter(text).map(|found| (found.as_str().to_lowercase(), found.range())).collect()
}

fn spelled(text: &str) -> Vec<String> {
    words_at(text).into_iter().map(|(word, _)| word).collect()
}

/// The pages of the bundled corpus by path.
fn pages() -> BTreeMap<String, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/corpus/documents");
    let (mut pages, mut open) = (BTreeMap::new(), vec![root.clone()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false if path.extension().is_some_and(|ending| ending == "md") => {
                    let name = path.strip_prefix(&root).unwrap().display().to_string();
                    pages.insert(name, std::fs::read_to_string(path).unwrap());
                }
                false => {}
            }
        }
    }
    assert!(pages.len() > 100, "the corpus is bundled");
    pages
}

/// A stretch of a text with its own punctuation, of `words` words at most.
fn stretch(random: &mut Random, text: &str, words: usize) -> String {
    let places = words_at(text);
    let words = words.clamp(1, places.len());
    let from = random.below((places.len() + 1 - words) as u64) as usize;
    text[places[from].1.start..places[from + words - 1].1.end].to_owned()
}

fn invented(random: &mut Random, words: usize) -> String {
    (0..words).map(|_| format!("w{} ", random.below(1 << 30))).collect()
}

/// The longest common run of a text with any document: from every pair of places that share their first four words.
struct Brute<'a> {
    documents: Vec<Vec<String>>,
    starts: BTreeMap<Vec<String>, Vec<(usize, usize)>>,
    texts: &'a BTreeMap<String, String>,
}

impl<'a> Brute<'a> {
    fn of(texts: &'a BTreeMap<String, String>) -> Self {
        let documents: Vec<Vec<String>> = texts.values().map(|text| spelled(text)).collect();
        let mut starts: BTreeMap<Vec<String>, Vec<(usize, usize)>> = BTreeMap::new();
        for (index, words) in documents.iter().enumerate() {
            for (at, four) in words.windows(4).enumerate() {
                starts.entry(four.to_vec()).or_default().push((index, at));
            }
        }
        Brute { documents, starts, texts }
    }

    fn longest(&self, text: &str) -> usize {
        let words = spelled(text);
        let run = |at: usize| {
            let places = self.starts.get(words.get(at..at + 4)?)?;
            let length = |&(index, from): &(usize, usize)| {
                words[at..].iter().zip(&self.documents[index][from..]).take_while(|(a, b)| a == b).count()
            };
            places.iter().map(length).max()
        };
        (0..words.len()).filter_map(run).max().unwrap_or(0)
    }

    /// Checks that a verdict's reason names a run of so many words, which is in both texts.
    fn check(&self, reason: &str, sample: &str, length: usize) {
        let form = r"^copies (\d+) words \((0\.\d\d|1\.00) of it\) of docs:(\S+), bytes (\d+)\.\.(\d+), as bytes (\d+)\.\.(\d+) of its text";
        let found = regex::Regex::new(form).unwrap().captures(reason).unwrap_or_else(|| panic!("{reason}"));
        let number = |at: usize| found[at].parse::<usize>().unwrap();
        assert_eq!(number(1), length, "{reason}");
        let there = spelled(&self.texts[&found[3]][number(4)..number(5)]);
        let here = spelled(&sample[number(6)..number(7)]);
        assert_eq!((here.len(), &here), (length, &there), "{reason}");
    }
}

#[test]
fn the_longest_copy_of_a_thousand_samples_is_that_of_brute_force() {
    let pages = pages();
    let texts: Vec<&String> = pages.values().collect();
    let brute = Brute::of(&pages);
    let mut random = Random::new(17);
    let mut judging = Judging::new(verbatim(|settings| settings.crowd = pages.len())).unwrap();
    pages.iter().for_each(|(id, text)| judging.put(document(id, text.clone(), 0)));
    let mut samples = BTreeMap::new();
    for index in 0..1_000 {
        let mut sample = String::new();
        for _ in 0..1 + random.below(4) {
            let words = 2 + random.below(40) as usize;
            let copied = stretch(&mut random, texts[index % texts.len()], words);
            let copied = if random.once_in(2) { copied.to_uppercase() } else { copied };
            let between = random.below(30) as usize;
            sample += &format!("{copied} {}\n", invented(&mut random, between));
        }
        judging.put(document(&format!("sample {index}"), sample.clone(), 1));
        samples.insert(format!("sample {index}"), sample);
    }
    judging.run(pace(2)).unwrap();
    let judged = judging.judged();
    let (mut found, mut rejected) = (0, 0);
    for (id, sample) in &samples {
        let verdict = judged[id].verdict.as_ref().unwrap();
        let (length, all) = (brute.longest(sample), spelled(sample).len());
        assert_eq!(verdict.accept, length < 16 || (length <= 50 && length * 2 <= all), "{verdict:?}");
        match &verdict.reason {
            Some(reason) => brute.check(reason, sample, length),
            None => assert!(length < 16, "{id} copies {length} words"),
        }
        found += usize::from(verdict.reason.is_some());
        rejected += usize::from(!verdict.accept);
    }
    println!("verbatim: {found} of 1000 samples copy 16 words or more, {rejected} are rejected");
    assert!(found > 300 && rejected > 100 && rejected < found, "{found} {rejected}");
    assert!(judging.notes().is_empty(), "{:?}", judging.notes());
    // Human words pass, whatever they share.
    assert!(pages.keys().all(|id| judged[id].verdict == Some(Verdict::accept())));
}

#[test]
fn canaries_and_memorised_rows_are_found_and_little_else() {
    let pages = pages();
    let mut random = Random::new(23);
    let canaries: Vec<String> =
        (0..20).map(|_| format!("canary {:x}-{:x}", random.number(), random.number())).collect();
    let planted = canaries.clone();
    let mut judging =
        Judging::new(verbatim(|settings| settings.canaries = Canaries::Texts(planted))).unwrap();
    // Seeds are table rows whose words stand in columns of their own; what is judged is prose that shares none of them.
    let table = std::fs::read_to_string(
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/corpus/tables/gsm8k.jsonl"),
    );
    let table = table.unwrap();
    let mut answers = Vec::new();
    for (index, line) in table.lines().enumerate() {
        let row: BTreeMap<String, String> = serde_json::from_str(line).unwrap();
        let fields = row.iter().map(|(name, text)| (name.clone(), Value::Text(text.clone())));
        let seed =
            Document { fields: fields.collect(), ..document(&format!("row {index}"), String::new(), 0) };
        judging.put(seed);
        answers.push(row["answer"].clone());
    }
    let mut expected = BTreeMap::new();
    for (index, (name, text)) in pages.iter().enumerate() {
        let clean = stretch(&mut random, text, 150);
        judging.put(document(&format!("clean {name}"), clean.clone(), 1));
        let (what, told) = match index % 2 {
            0 => (
                canaries[index % 20].to_uppercase().replace('-', " — "),
                format!("holds canary {}", index % 20 + 1),
            ),
            _ => (answers[index].clone(), "of its `answer`".to_owned()),
        };
        let id = format!("planted in {name}");
        judging.put(document(&id, format!("{clean}\n\n{what}\n\n{clean}"), 1));
        expected.insert(id, (what, told));
    }
    judging.run(pace(2)).unwrap();
    let judged = judging.judged();
    for (id, (what, told)) in &expected {
        let verdict = judged[id].verdict.as_ref().unwrap();
        let words = spelled(what).len();
        if told.starts_with("holds") {
            assert!(!verdict.accept && verdict.reason.as_ref().unwrap().starts_with(told), "{verdict:?}");
        } else if words >= 16 {
            let reason = verdict.reason.as_ref().unwrap();
            assert!(
                reason.starts_with(&format!("copies {words} words")) && reason.contains(told),
                "{reason}"
            );
            assert_eq!(verdict.accept, words <= 50, "{reason}");
        }
    }
    let alarms = judged.iter().filter(|(id, row)| id.starts_with("clean") && row.outcome != Outcome::Kept);
    let alarms = alarms.count();
    println!("verbatim: {} planted, {alarms} false alarms of {}", expected.len(), pages.len());
    assert_eq!(alarms, 0, "prose holds no canary, and copies no problem's solution");
}

#[test]
fn a_document_that_goes_takes_its_verdict_back_and_a_change_touches_little() {
    let mut random = Random::new(5);
    let texts: Vec<String> = (0..200).map(|_| invented(&mut random, 300)).collect();
    let mut judging = Judging::new(verbatim(|_| {})).unwrap();
    for (index, text) in texts.iter().enumerate() {
        judging.put(document(&format!("page {index}"), text.clone(), 0));
        let copied = stretch(&mut random, text, 60);
        judging.put(document(&format!("sample {index}"), format!("{copied} and more"), 1));
    }
    judging.run(pace(2)).unwrap();
    assert!(
        judging.judged().iter().all(|(id, row)| id.starts_with("page") != (row.outcome != Outcome::Kept))
    );

    // Of the page one word changes, and of all that was kept only what hangs on that word moves.
    let count = |judging: &Judging| {
        ["marks", "meetings", "pairs", "findings", "verdicts"]
            .map(|name| judging.updates(&format!("judged/{name}")))
    };
    let before = count(&judging);
    let changed = format!("changed {}", texts[7].split_once(' ').unwrap().1);
    judging.put(document("page 7", changed, 0));
    judging.run(pace(1)).unwrap();
    let moved: Vec<usize> =
        count(&judging).iter().zip(before).map(|(after, before)| after - before).collect();
    assert!(moved[0] <= 40 && moved.iter().sum::<usize>() <= 60, "{moved:?}");

    judging.remove("page 7");
    judging.run(pace(2)).unwrap();
    judging.compare().unwrap();
    assert_eq!(judging.judged()["sample 7"].verdict, Some(Verdict::accept()));
    judging.put(document("page 7", texts[7].clone(), 0));
    judging.run(pace(3)).unwrap();
    assert_eq!(judging.judged()["sample 7"].outcome, Outcome::Rejected);
}

#[test]
fn what_does_not_count_ends_a_copy() {
    let page: String = (0..120).map(|word| format!("word{word} ")).collect();
    let words = |from: usize, to: usize| page.split(' ').collect::<Vec<_>>()[from..to].join(" ");
    let sample = format!("{}\n\n> {}\n\n```\n{}\n```\n", words(0, 20), words(30, 60), words(70, 110));
    let longest = |change: &dyn Fn(&mut VerbatimSettings)| {
        let mut judging = Judging::new(verbatim(change)).unwrap();
        judging.put(document("page", page.clone(), 0));
        judging.put(document("sample", sample.clone(), 1));
        judging.run(pace(1)).unwrap();
        let verdict = judging.judged()["sample"].verdict.clone().unwrap();
        verdict.reason.unwrap().split(' ').nth(1).unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(longest(&|_| {}), 40);
    assert_eq!(longest(&|settings| settings.code = Treatment::Skip), 30);
    let both = |settings: &mut VerbatimSettings| {
        (settings.code, settings.quotations) = (Treatment::Skip, Treatment::Skip);
    };
    assert_eq!(longest(&both), 20);
}

#[test]
fn a_crowd_is_bounded_and_noted_and_a_sample_still_meets_its_copy() {
    let mut random = Random::new(9);
    let header = invented(&mut random, 60);
    let mut judging = Judging::new(verbatim(|settings| settings.crowd = 4)).unwrap();
    for index in 0..30 {
        let body = invented(&mut random, 60);
        judging.put(document(&format!("page {index}"), format!("{header} {body}"), 0));
    }
    judging.put(document("sample", format!("{header} and so on"), 1));
    judging.run(pace(2)).unwrap();
    let verdict = judging.judged()["sample"].verdict.clone().unwrap();
    assert!(verdict.reason.unwrap().starts_with("copies 60 words"));
    let notes = judging.notes();
    assert!(notes["crowded fingerprints"] > 3 && notes["comparisons at crowded fingerprints not made"] > 3);
    assert!(judging.updates("judged/pairs") <= 4, "{}", judging.updates("judged/pairs"));
}

#[test]
fn settings_out_of_bounds_are_refused() {
    let with = |change: &dyn Fn(&mut VerbatimSettings)| {
        let mut settings = VerbatimSettings::default();
        change(&mut settings);
        Verbatim::new(settings, Path::new("")).unwrap_err().to_string()
    };
    assert!(with(&|s| s.max_share = f64::NAN).contains("`max_share`"));
    assert!(with(&|s| s.min_words = 3).contains("`min_words`"));
    assert!(with(&|s| s.max_words = 9).contains("`min_words` is at most 10"));
    assert!(with(&|s| s.crowd = 0).contains("`crowd`"));
    assert!(with(&|s| s.on = vec!["context".to_owned()]).contains("`context`"));
    assert!(with(&|s| s.canaries = Canaries::Texts(vec!["a".into(), "—".into()])).contains("text 2"));
    assert!(with(&|s| s.canaries = Canaries::File("nowhere.txt".into())).contains("nowhere.txt"));
}

#[test]
fn canaries_in_a_file_are_the_same_as_in_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("canaries.txt"), "one two\n\nthree\n").unwrap();
    let of = |canaries| {
        let settings = VerbatimSettings { canaries, ..VerbatimSettings::default() };
        Verbatim::new(settings, folder.path()).unwrap().identity().fingerprint()
    };
    let texts = Canaries::Texts(vec!["one two".into(), "three".into()]);
    assert_eq!(of(Canaries::File("canaries.txt".into())), of(texts));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Pages and samples come, change and go across restarts and workers: always what a fresh evaluation has, and
    /// always the longest run there is.
    #[test]
    fn histories_end_as_a_fresh_evaluation_has_them(seed in 0u64..1 << 32) {
        let mut random = Random::new(seed);
        let bases: Vec<String> = (0..4).map(|_| invented(&mut random, 60)).collect();
        let small = |settings: &mut VerbatimSettings| {
            (settings.min_words, settings.max_words) = (6, 12);
            settings.canaries = Canaries::Texts(vec!["tweet tweet".to_owned()]);
        };
        let mut judging = Judging::new(verbatim(small)).unwrap();
        for run in 0..4 {
            for _ in 0..1 + random.below(12) {
                let slot = random.below(20);
                if random.once_in(4) {
                    judging.remove(&slot.to_string());
                    continue;
                }
                let mut text = String::new();
                for _ in 0..1 + random.below(3) {
                    let words = 1 + random.below(30) as usize;
                    let base = random.choose(&bases).clone();
                    text += &stretch(&mut random, &base, words);
                    text += if random.once_in(9) { " tweet tweet " } else { " " };
                }
                judging.put(document(&slot.to_string(), text, (slot % 2) as u32));
            }
            let pace = Pace { workers: 1 + random.below(3) as usize, ..Pace::default() };
            judging.run(pace).unwrap();
            judging.compare().map_err(|differs| TestCaseError::fail(format!("run {run}: {differs}")))?;
            let texts = |depth| {
                let documents = judging.documents().values().filter(move |d| d.origin.depth == depth);
                documents.map(|d| (d.id.clone(), d.text.clone())).collect::<BTreeMap<_, _>>()
            };
            let seeds = texts(0);
            let brute = Brute::of(&seeds);
            for (id, text) in texts(1) {
                let verdict = judging.judged()[&id].verdict.clone().unwrap();
                let length = brute.longest(&text);
                match verdict.reason {
                    _ if text.contains("tweet") => prop_assert!(!verdict.accept),
                    Some(reason) => brute.check(&reason, &text, length),
                    None => prop_assert!(length < 6, "{} of {}", length, text),
                }
            }
        }
    }
}
