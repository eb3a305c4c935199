use rifflebox_core::Tier::{T0, T1, T2};

use super::*;

fn kind_and_message(recipe: &Recipe) -> (ErrorKind, String) {
    let error = recipe.check().unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn the_forms_of_flow_files() {
    let recipe: Recipe = toml::from_str(
        "tokens = 5_000_000\nshares = { T0 = [0.10, 0.20], T1 = 0.25, T2 = 1 }\nmin_anchor = 0.1",
    )
    .unwrap();
    assert_eq!(recipe.tokens, Some(5_000_000));
    assert_eq!(recipe.shares[&T0.into()], Share::Range(100_000, 200_000));
    assert_eq!(recipe.shares[&T1.into()], Share::Exact(250_000));
    assert_eq!(recipe.shares[&T2.into()], Share::Exact(ONE));
    assert_eq!(recipe.min_anchor, 100_000);
    let json = serde_json::to_string(&recipe).unwrap();
    assert_eq!(serde_json::from_str::<Recipe>(&json).unwrap(), recipe);
    assert_eq!(toml::from_str::<Recipe>("").unwrap(), Recipe::default());
    assert_eq!(Recipe::default().min_anchor, 300_000);
}

#[test]
fn wrong_forms_say_what_is_right() {
    let message = |text: &str| toml::from_str::<Recipe>(text).unwrap_err().to_string();
    assert!(message("shares = { T0 = 1.3 }").contains("a share between 0 and 1"));
    assert!(message("shares = { T0 = -1 }").contains("a share between 0 and 1"));
    assert!(message("shares = { T0 = \"much\" }").contains("a share between 0 and 1"));
    assert!(message("shares = { T0 = [0.2, 0.1] }").contains("[0.2, 0.1]"));
    assert!(message("shares = { T0 = [0.2] }").contains("two shares"));
    assert!(message("shares = { T0 = [0.2, 0.3, 0.4] }").contains("two shares"));
    assert!(message("min_anchor = [0.1, 0.2]").contains("one number"));
    assert!(message("token = 3").contains("unknown field"));
}

#[test]
fn typed_and_written_forms_agree() {
    let typed = Recipe::shares([(T0, 0.3), (T2, 0.7)]).tokens(10);
    let written: Recipe = toml::from_str("tokens = 10\nshares = { T0 = 0.3, T2 = 0.7 }").unwrap();
    assert_eq!(typed, written);
    let typed = Recipe::shares([("T0", [0.1, 0.4])]).min_anchor(0.0);
    let written: Recipe = toml::from_str("shares = { T0 = [0.1, 0.4] }\nmin_anchor = 0").unwrap();
    assert_eq!(typed, written);
}

#[test]
fn contradictions_are_named() {
    use ErrorKind::{Refused, Usage};
    let expect = |recipe: Recipe, kind, words: &str| {
        let (found, message) = kind_and_message(&recipe);
        assert!(found == kind && message.contains(words), "{found:?}: {message}");
    };
    expect(Recipe::shares([(T0, 0.3), (T2, 0.6)]), Usage, "at most 0.9");
    expect(Recipe::shares([(T0, 0.5), (T2, 0.6)]), Usage, "at least 1.1");
    expect(Recipe::shares([(T0, [0.1, 0.2]), (T2, [0.1, 0.7])]), Usage, "at most 0.9");
    expect(Recipe::shares([(T0, 1.5)]), Usage, "the share of T0");
    expect(Recipe::shares([(T0, f64::NAN)]), Usage, "the share of T0");
    expect(Recipe::shares([(T0, [0.8, 0.4])]), Usage, "from 0.8 down to 0.4");
    expect(Recipe::default().min_anchor(-0.1), Usage, "min_anchor");
    expect(Recipe::default().tokens(0), Usage, "0 tokens");
    expect(
        Recipe::shares([(T0, 0.299999), (T2, 0.700001)]),
        Refused,
        "0.299999 at most, below min_anchor = 0.3",
    );
    expect(Recipe::shares([(T0, [0.0, 1.0]), (T2, [0.8, 1.0])]), Refused, "0.2 at most");
}

#[test]
fn thirds_meet_one() {
    let third = 1.0 / 3.0;
    let bounds = Recipe::shares([(T0, third), (T1, third), (T2, third)]).bounds().unwrap();
    assert_eq!(bounds.values().map(|bounds| bounds.0).collect::<Vec<_>>(), [333_334, 333_333, 333_333]);
    let sixth = 1.0 / 6.0;
    let bounds = Recipe::shares([(T0, 4.0 * sixth), (T1, sixth), (T2, sixth)]).bounds().unwrap();
    assert_eq!(bounds.values().map(|bounds| bounds.0).sum::<u32>(), ONE);
}
