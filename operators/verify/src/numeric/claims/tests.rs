use super::*;

const ALL: Search =
    Search { annotations: true, equalities: true, rounding: Rounding::Nearest, running: false };

fn found(search: Search, text: &str) -> Vec<String> {
    let told = |claim: Claim| match claim.wrong {
        None => claim.text,
        Some(why) => format!("{} ! {why}", claim.text),
    };
    search.of(text).into_iter().map(told).collect()
}

fn all(text: &str) -> Vec<String> {
    found(ALL, text)
}

/// The texts of each of which one equality is found, and holds.
#[track_caller]
fn right(texts: &[&str]) {
    for text in texts {
        let found = all(text);
        assert!(found.len() == 1 && !found[0].contains(" ! "), "{text}: {found:?}");
    }
}

/// The texts of each of which one equality is found, and does not hold.
#[track_caller]
fn wrong(texts: &[&str]) {
    for text in texts {
        let found = all(text);
        assert!(found.len() == 1 && found[0].contains(" ! "), "{text}: {found:?}");
    }
}

/// The texts in which nothing is found that could be judged.
#[track_caller]
fn silent(texts: &[&str]) {
    for text in texts {
        assert_eq!(all(text), [""; 0], "{text}");
    }
}

#[test]
fn annotations_are_evaluated_to_the_end() {
    let text = "She sold 48/2 = <<48/2=24>>24 clips, then 24+48 = <<24+48=73>>73.";
    let annotations = Search { equalities: false, ..ALL };
    assert_eq!(found(annotations, text), ["<<48/2=24>>", "<<24+48=73>> ! 24+48 is 72"]);
    let odd = "<<+2+2=4>>4 <<7//2=3>>3 <<10/4=2.5=5/2>> <<2**10=1024>> <<1e3*2=2,000>>2000 <<-3*-2=6>>6";
    assert!(
        found(annotations, odd).iter().all(|claim| !claim.contains(" ! ")),
        "{:?}",
        found(annotations, odd)
    );
    let unread = "cannot be read: an annotation is `<<expression=value>>`";
    for text in ["<<>>", "<<5>>", "<<x=5>>", "<<2+=2>>", "<<5 apples>>", "<<2=2=>>", "<<1,5=1.5>>"] {
        assert_eq!(found(annotations, text), [format!("{text} ! {unread}")]);
    }
}

#[test]
fn what_follows_an_annotation_is_its_result() {
    let said = |text: &str| all(text).pop().unwrap_or_default();
    assert_eq!(said("<<48/2=24>>25 clips"), "<<48/2=24>> ! its result is followed by 25");
    assert_eq!(said("<<48/2=24>>24,000 clips"), "<<48/2=24>> ! its result is followed by 24000");
    for text in
        ["<<48/2=24>>", "<<48/2=24>> 3 of them", "<<2-5=-3>>-3", "<<48/2=24>>$24.00", "<<48/2=24>>-24 of"]
    {
        assert_eq!(said(text), &text[..text.find(">>").expect("an annotation") + 2]);
    }
}

#[test]
fn bounds_are_reasons() {
    let annotation = |inner: &str| all(&format!("<<{inner}>>")).remove(0);
    assert_eq!(annotation("9**9**9=1"), "<<9**9**9=1>> ! 9**9**9 is too large to be evaluated");
    assert_eq!(annotation("5/(3-3)=0"), "<<5/(3-3)=0>> ! 5/(3-3) divides by zero");
    let nested = format!("{}1{}=1", "(".repeat(100), ")".repeat(100));
    assert!(annotation(&nested).ends_with("is too large to be evaluated"));
    assert!(annotation(&format!("{}1=500", "1+".repeat(499))).contains("cannot be read"));
    assert!(annotation(&format!("{}=1", "7".repeat(5_000))).contains("cannot be read"));
    // A dimension of more than a computer's word.
    let raised = format!("{}1 km{}", "(".repeat(20), ")^9".repeat(20));
    assert_eq!(all(&format!("<<{raised} * {raised} = 2 km>>")).len(), 1);
    // Linear in the text, however it is made.
    silent(&[&"2+".repeat(50_000), &"= ".repeat(50_000), &"(".repeat(50_000)]);
}

#[test]
fn decimals_are_rounded_as_they_are_stated() {
    right(&["10/3 = 3.33", "2/3 = 0.67", "1/8 = 0.12", "1/8 = 0.13", "10/3 ≈ 3", "1/3 = 33%", "1/3 = 33.3%"]);
    wrong(&["10/3 = 3", "2/3 = 0.66", "10/3 = 3.34", "10/3 ≈ 4", "7/2 = 4"]);
    let with = |rounding, text: &str| found(Search { rounding, ..ALL }, text)[0].contains(" ! ");
    assert!(with(Rounding::Exact, "10/3 = 3.33") && !with(Rounding::Exact, "10/4 = 2.50"));
    assert!(!with(Rounding::Cut, "2/3 = 0.66") && with(Rounding::Cut, "2/3 = 0.65"));
    // What goes on is no stated decimal.
    silent(&["10/3 = 3.33...", "10/3 = 3.33…"]);
}

#[test]
fn numbers_are_written_in_many_ways() {
    right(&[
        "1,200 + 34 = 1,234",
        "3 x 4 = 12",
        "3x4 = 12",
        "3 × (4 - 1) = 9",
        "7 ÷ 2 = 3.5",
        "1 1/2 + 1/4 = 1 3/4",
        "1½ + ¼ = 1.75",
        "2^10 = 1024",
        "5² = 25",
        "2(3+4) = 14",
        "-3 + 5 = 2",
        "6.02e2 * 10 = 6020",
        r"\frac{1}{2} \times 12 = 6",
        r"\text{So } 12 \div 4 = 3",
        "**3 + 4 = 7**",
        "- 3 + 4 = 7",
        "(3 + 4 = 7)",
    ]);
    silent(&["3/2 = 1,5", "1.2.3 + 1 = 4", "0900 - 0130 = 0730", "28 / 1/5 = 140", "25 / 1/3 = 75"]);
}

#[test]
fn chains_hold_in_every_part() {
    assert_eq!(all("2 + 3 = 5 + 0 = 5"), ["2 + 3 = 5 + 0", "5 + 0 = 5"]);
    assert_eq!(all("2+3=5+1=6"), ["2+3=5+1 ! 2+3 is 5", "5+1=6"]);
    let running = Search { running: true, ..ALL };
    assert_eq!(found(running, "2+3=5+1=6"), ["2+3=5+1", "5+1=6"]);
    assert_eq!(found(running, "2+3=6+1=7"), ["2+3=6+1 ! 2+3 is 5", "6+1=7"]);
    assert_eq!(found(running, "2+3=5+1"), ["2+3=5+1 ! 2+3 is 5"]);
    assert_eq!(all("total = 3 * 4 = 12 = 3 * 5"), ["3 * 4 = 12", "12 = 3 * 5 ! 12 is 12"]);
}

#[test]
fn percent_is_a_hundredth_where_it_is_one() {
    right(&[
        "20% of 50 = 10",
        "1/2 of $50 = $25",
        "50 * 20% = 10",
        "500*10% = $50",
        "15% + 5% = 20%",
        "100% - 20% = 80",
        "(50/200)*100 = 25%",
        "50/200 = 25%",
        "15/90 * 100% = 16.67",
        "168/20% = 840",
        "1 - 20% = 0.8",
    ]);
    wrong(&["20% * 50 = 1000", "50/200 = 20%", "20% of 50 = 12"]);
    silent(&["100 + 10% = 110", "1/2% = 0.005"]);
}

#[test]
fn units_must_agree() {
    right(&[
        "3 km + 200 m = 3.2 km",
        "2 weeks = 14 days",
        "60 mph * 2 hours = 120 miles",
        "600 miles / 50 miles per hour = 12 hours",
        "$12/hour * 5 hours = $60",
        "3 m * 4 m = 12 m^2",
        "3 feet x 6 feet = 18 square feet",
        "50 cents + $0.50 = $1",
        "1 h 30 min + 45 min = 2 h 15 min",
        "3/4 km * 2 = 1500 m",
        "5 gallons = 20 quarts",
        "1 mile = 5280 feet",
        "9:30 + 0:45 = 10:15",
        "11:30 am + 1 hour = 12:30 pm",
        "6:00 + 18 hours = 0:00",
        "12 months = 1 year",
    ]);
    wrong(&[
        "3 km + 200 m = 3.3 km",
        "3 km + 200 m = 3.2 kg",
        "3 km + 200 g = 203 km",
        "3 feet x 6 feet = 18 feet",
        "2 weeks = 10 days",
        "9:30 + 0:45 = 10:20",
        "$12 * 3 hours = $40",
    ]);
    assert_eq!(all("3 km + 200 m = 3.3 km"), ["3 km + 200 m = 3.3 km ! 3 km + 200 m is 3.2"]);
}

#[test]
fn units_that_are_left_out_are_no_fault() {
    right(&[
        "$5 + 3 = $8",
        "5 x 3 km = 15",
        "12/60 = $0.2 per minute",
        "$5 * 42 = $210 per week",
        "30 * 2 = 60 minutes per day",
        "48 - 8 = 40 apples",
        "5 apples + 3 apples = 8 apples",
        "3/3 - 2/3 = 1/3 of $150",
    ]);
    wrong(&["$5 + 3 = $9", "12/60 = $0.3 per minute", "5 apples + 3 apples = 9 apples"]);
    // Something is not written that may make them right.
    silent(&[
        "$12 * 3 hours = $36",
        "2.5 hours x 60 = 150 minutes",
        "$560 / $80 = 7 weeks",
        "3 apples + 4 pears = 8 fruits",
        "1 year + 5 days = 6 days",
        "24 / 12 = 2 dozen",
        "2L + 11 = 35",
    ]);
}

#[test]
fn what_belongs_to_something_else_is_left_alone() {
    silent(&[
        "x + 3 = 5",
        "2x = 10",
        "2x + 3 = 7",
        "3 + 4 = 7x",
        "3 + 4 = y",
        "half of 20 + 5 = 15",
        "3 + 4 = 7!",
        "√16 + 1 = 5",
        "f(3) = 10",
        "x_1 + 2 = 5",
        "for 4 subjects = 186 + 62",
        "3 = 4",
        "a ratio of 2:3 = 4:6",
        "5 >= 3 + 4",
        "3 + 4 != 8",
        "in 3 and 1/4 cup = 1.5 cups",
        "3 + 4 = 7 + z",
        "3 + 4 = 2 times 4",
    ]);
    right(&[
        "Therefore x = 3 + 4 = 7, so",
        "He has 3 + 4 = 7 now.",
        "3 * 1 hour = 3 hours",
        "2 * 3 = 6 a day",
    ]);
}
