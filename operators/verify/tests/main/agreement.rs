//! The decisions of datatrove on the bundled excerpts, made by `tests/datatrove/compare.py expect`.

use std::collections::BTreeMap;

use crate::{excerpts, filter, parse, read, sample};

/// Excerpts that we decide otherwise, as `filter: id`, each with its reason; there are none.
const KNOWN_DIFFERENCES: &[&str] = &[];

#[test]
fn keeps_and_drops_what_datatrove_does() {
    let excerpts = excerpts();
    let expected = expected();
    assert_eq!(excerpts.len(), expected.len(), "expected.jsonl is of other documents");
    assert!(excerpts.len() > 1000, "too few excerpts to tell 99.9 %");
    let mut differences = Vec::new();
    for name in ["c4-quality", "fineweb-quality", "gopher-quality", "gopher-repetition"] {
        let filter = filter(name);
        let (mut kept, mut agreed) = (0, 0);
        for (excerpt, theirs) in excerpts.iter().zip(&expected) {
            assert_eq!(excerpt.id, theirs["id"]);
            let verdict = filter.verify(&sample(&excerpt.text), &[]);
            let datatrove = theirs.get(name);
            kept += usize::from(datatrove.is_none());
            if verdict.accept == datatrove.is_none() {
                agreed += 1;
            } else {
                println!("{name}: {}: {datatrove:?}, but {:?}", excerpt.id, verdict.reason);
                differences.push(format!("{name}: {}", excerpt.id));
            }
        }
        let total = excerpts.len();
        println!("{name}: {agreed} of {total} as datatrove, which keeps {kept}");
        assert!(agreed as f64 >= 0.999 * total as f64, "{name} agrees on {agreed} of {total} only");
        // An excerpt that is always kept, or never, would agree with anything.
        assert!(kept * 20 > total && kept * 20 < total * 19, "{name}: {kept} kept tell too little");
    }
    assert_eq!(differences, KNOWN_DIFFERENCES);
}

#[test]
fn rejects_by_the_rule_that_datatrove_names() {
    let rules = rules();
    for (excerpt, theirs) in excerpts().iter().zip(expected()) {
        for (name, reason) in theirs.iter().filter(|(name, _)| *name != "id") {
            let ours = filter(name).verify(&sample(&excerpt.text), &[]).reason.unwrap_or_default();
            let rule = rules.get(reason.as_str()).unwrap_or_else(|| panic!("no rule for `{reason}`"));
            assert!(ours.starts_with(rule.as_str()), "{name}: {}: {reason}, but {ours}", excerpt.id);
        }
    }
}

/// Returns what datatrove says, by excerpt: its reason by filter, where it drops it.
fn expected() -> Vec<BTreeMap<String, String>> {
    read("datatrove/expected.jsonl").lines().map(parse).collect()
}

/// The beginning of our reason for each of theirs.
fn rules() -> BTreeMap<String, String> {
    let mut rules: BTreeMap<String, String> = [
        ("too_few_sentences", "min_sentences:"),
        ("curly_bracket", "reject_curly_bracket:"),
        ("lorem_ipsum", "reject_lorem_ipsum:"),
        ("line_punct_ratio", "min_ended_lines:"),
        ("short_line_ratio", "max_short_lines:"),
        ("char_dup_ratio", "max_repeated_chars:"),
        ("list_ratio", "max_breaks_per_word:"),
        ("gopher_short_doc", "min_words:"),
        ("gopher_long_doc", "max_words:"),
        ("gopher_below_avg_threshold", "min_mean_word_length:"),
        ("gopher_above_avg_threshold", "max_mean_word_length:"),
        ("gopher_too_many_hashes", "max_symbol_ratio: hashes"),
        ("gopher_too_many_ellipsis", "max_symbol_ratio: ellipses"),
        ("gopher_too_many_bullets", "max_bullet_lines:"),
        ("gopher_too_many_end_ellipsis", "max_ellipsis_lines:"),
        ("gopher_below_alpha_threshold", "min_alphabetic_words:"),
        ("gopher_enough_stop_words", "min_stop_words:"),
        ("dup_line_frac", "max_repeated_lines:"),
        ("dup_para_frac", "max_repeated_paragraphs:"),
        ("dup_line_char_frac", "max_repeated_line_chars:"),
        ("dup_para_char_frac", "max_repeated_paragraph_chars:"),
    ]
    .map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()))
    .into();
    for length in 2..=10 {
        rules
            .insert(format!("top_{length}_gram"), format!("max_commonest_run_chars: runs of {length} words"));
        rules.insert(
            format!("duplicated_{length}_n_grams"),
            format!("max_repeated_run_chars: runs of {length} words"),
        );
    }
    rules
}
