use proptest::prelude::*;

use super::{count_sentences, is_space, split_words};

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(split_words(text), expected, "{text:?}");
}

// What is expected below is what spaCy 3.8.18 says of the same texts.

#[test]
fn punctuation_leaves_words_at_both_ends() {
    check("", &[]);
    check(" \n ", &[]);
    check("Hello, (world)!", &["Hello", ",", "(", "world", ")", "!"]);
    check("**bold** `code`", &["*", "*", "bold", "*", "*", "`", "code", "`"]);
    check("wait... what?!", &["wait", "...", "what", "?", "!"]);
    check("$5 US$5 5$ +5 +a 5+", &["$", "5", "US$", "5", "5", "$", "+5", "+", "a", "5", "+"]);
    check("10km 10% 5m/s 3x", &["10", "km", "10", "%", "5", "m/s", "3x"]);
    check("the dog's dogs’ NASA.", &["the", "dog", "'s", "dogs", "’", "NASA", "."]);
}

#[test]
fn stops_leave_what_can_end_a_sentence() {
    check("end. A. 1. (x). end.Next", &["end", ".", "A.", "1", ".", "(", "x", ")", ".", "end", ".", "Next"]);
    check("Mr. Smith vs. Inc.", &["Mr.", "Smith", "vs.", "Inc."]);
    check("e.g., i.e.", &["e.g.", ",", "i.e."]);
}

#[test]
fn words_split_inside_at_dashes_and_the_like() {
    check(
        "well-known a--b a---b 1-2 2-x",
        &["well", "-", "known", "a", "--", "b", "a", "---", "b", "1", "-", "2", "2", "-", "x"],
    );
    check(
        "a/b a:b a=b a,b 1,000 a_b -x x-",
        &["a", "/", "b", "a", ":", "b", "a", "=", "b", "a", ",", "b", "1,000", "a_b", "-x", "x-"],
    );
    check("yes…no 2*3 a☃b", &["yes", "…", "no", "2", "*", "3", "a", "☃", "b"]);
    // A dash between letters of several bytes: the three places behind it end inside one of them.
    check("a—aaéx ——é", &["a", "—", "aaéx", "—", "—", "é"]);
}

#[test]
fn contractions_and_faces_are_special() {
    check(
        "I can't, don’t; it's we'll've",
        &["I", "ca", "n't", ",", "do", "n’t", ";", "it", "'s", "we", "'ll", "'ve"],
    );
    check("its ill cannot dont", &["its", "ill", "can", "not", "do", "nt"]);
    check("8am :-) (:", &["8", "am", ":-)", "(:"]);
    // Neighbours are joined, longest first, but not through a space.
    check("(foo:) foo: )", &["(", "foo", ":)", "foo", ":", ")"]);
    check("x-Mr.", &["x", "-", "Mr."]);
}

#[test]
fn addresses_stay_whole() {
    check("(https://docs.rs/a-b#c,d)", &["(", "https://docs.rs/a-b#c,d", ")"]);
    check("a.b@example.com, README.md", &["a.b@example.com", ",", "README.md"]);
    check("http://localhost:8080/a-b", &["http://localhost:8080", "/", "a", "-", "b"]);
}

#[test]
fn sentences_start_after_marks_of_their_end() {
    let check = |text: &str, expected: usize| assert_eq!(count_sentences(text), expected, "{text:?}");
    check("", 1);
    check("One. Two! Three? Four", 4);
    check("\"One.\" Two.", 2);
    check("One... two", 1);
    check("One?! Two.", 2);
    check("See e.g. this, Mr. Smith.", 1);
    check("これは。 それは。", 2);
    check("One.\u{a0}\"", 2);
}

proptest! {
    #[test]
    fn words_are_all_of_the_text_but_its_white_space(text in "[ a-z.,'’…(—:-]{0,40}|\\PC{0,40}") {
        let words = split_words(&text);
        prop_assert!(words.iter().all(|word| !word.is_empty() && !word.contains(is_space)));
        let written: String = text.chars().filter(|&c| !is_space(c)).collect();
        prop_assert_eq!(words.concat(), written);
    }

    #[test]
    fn lines_do_not_touch_each_other(lines in prop::collection::vec("[a-z.,'()3:-]{1,12}", 2..6)) {
        let alone: Vec<&str> = lines.iter().flat_map(|line| split_words(line)).collect();
        let together = lines.join("\n");
        prop_assert_eq!(split_words(&together), alone);
    }
}
