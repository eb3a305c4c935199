use super::*;

fn places() -> Vec<Place> {
    PLACES.iter().map(|place| Place::read(place).expect("a place of ours")).collect()
}

fn said(text: &str) -> Option<&str> {
    find(text, &places()).map(|(_, answer)| answer)
}

#[test]
fn answers_are_found_where_they_are_said() {
    assert_eq!(said("3 and 4\n#### 7\n"), Some("7"));
    assert_eq!(said("#### 6\nno:\n#### 7 apples"), Some("7 apples"));
    assert_eq!(said(r"so $\boxed{\frac{1}{2}}$ it is"), Some(r"\frac{1}{2}"));
    assert_eq!(said("The answer is 42."), Some("42."));
    assert_eq!(said("**Final answer:** 42 km"), Some("42 km"));
    assert_eq!(said("2 + 2\nA: 18"), Some("18"));
    assert_eq!(said("Correct answer - A"), Some("A"));
    assert_eq!(said("CORRECT OPTION:OPTION E"), Some("E"));
    assert_eq!(said("first 3, and then $5 in all"), Some("$5 in all"));
    assert_eq!(said("that makes 3/4"), Some("3/4"));
    assert_eq!(said("no number at all"), None);
    assert_eq!(said(r"\boxed{1"), Some("1"));
    let own = [Place::read(r"=> (\d+)").expect("a pattern")];
    assert_eq!(find("=> 1\n=> 2", &own).map(|(_, answer)| answer), Some("2"));
}

#[test]
fn places_are_named_or_are_patterns_with_a_group() {
    let refused = |text: &str| Place::read(text).expect_err("it is refused").to_string();
    assert!(refused("hash").contains("it is none of `####`, `\\boxed`, `the answer is`, `last number`"));
    assert!(refused("(").starts_with("`answer` has `(`: it is no pattern"));
}

#[track_caller]
fn agrees(answer: &str, truth: &str) -> bool {
    Value::of(answer).agrees(&Value::of(truth), &Leeway::default())
}

#[test]
fn values_agree_as_numbers_with_their_units() {
    for (answer, truth) in [
        ("72 clips", "72"),
        ("$18 every day", "18"),
        ("1,000", "1000.0"),
        ("0.5", "1/2"),
        (r"\frac{1}{2}", "0.5"),
        ("**42**", "42"),
        ("$42$", "42"),
        ("x = 5", "5"),
        ("5 km", "5000 m"),
        ("10%", "0.1"),
        ("10%", "10"),
        ("-3", "-3.0"),
        ("Yes.", "yes"),
        ("(1, 1)", "(1,  1)"),
    ] {
        assert!(agrees(answer, truth), "{answer} and {truth}");
    }
    for (answer, truth) in [
        ("72", "73"),
        ("3.33", "10/3"),
        ("5 km", "5 m"),
        ("5 km", "5 kg"),
        ("yes", "no"),
        ("7", "yes"),
        ("3", "-3"),
        ("1000000", "1000"),
        ("", "0"),
    ] {
        assert!(!agrees(answer, truth), "{answer} and {truth}");
    }
}

#[test]
fn a_tolerance_admits_what_is_near() {
    let with = |absolute, relative, answer: &str, truth: &str| {
        let leeway = Leeway::new(absolute, relative).expect("it is right");
        Value::of(answer).agrees(&Value::of(truth), &leeway)
    };
    assert!(with(Some(0.01), None, "3.33", "10/3") && !with(Some(0.001), None, "3.33", "10/3"));
    assert!(with(None, Some(0.01), "101", "100") && !with(None, Some(0.01), "101.01", "100"));
    assert!(with(None, Some(0.01), "-101", "-100"));
    assert!(!with(Some(1000.0), Some(1000.0), "yes", "no"));
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let error = Leeway::new(Some(bad), None).expect_err("it is refused").to_string();
        assert!(error.starts_with("`tolerance.absolute` is "), "{error}");
    }
}

const OPTIONS: &str = "A)$895\nB)$905\nC)10 million\nD)5/18\nE)None of these";

fn chosen(text: &str) -> Option<char> {
    Options::read(OPTIONS).chosen(text, &places()).map(|(_, letter)| letter)
}

#[test]
fn options_are_chosen_by_letter_or_by_value() {
    assert_eq!(chosen("X = 905.\nAnswer: B"), Some('B'));
    assert_eq!(chosen("The answer is (d)."), Some('D'));
    assert_eq!(chosen("therefore\nC"), Some('C'));
    assert_eq!(chosen("The answer is 905 dollars"), Some('B'));
    assert_eq!(chosen("which makes 7"), None);
    assert_eq!(chosen("The answer is Z"), None);
    assert_eq!(Options::read("x\n\ny").letter("b"), Some('B'));
    assert_eq!(Options::read("x\n\ny").letter("because"), None);
}

#[test]
fn an_option_is_worked_out_where_its_number_is_stated_last() {
    let worked = |letter, text: &str| Options::read(OPTIONS).worked_out(letter, text);
    assert_eq!(worked('B', "first 895, then X = 905."), Worked::Same);
    assert_eq!(worked('A', "first 895, then X = 905."), Worked::Other('B'));
    assert_eq!(worked('D', "Luke's share is 5/18 of it"), Worked::Same);
    assert_eq!(worked('C', "x > 10"), Worked::Same);
    assert_eq!(worked('B', "nothing but 7"), Worked::None);
    assert_eq!(worked('E', "905"), Worked::NoNumber);
}
