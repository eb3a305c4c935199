use std::sync::LazyLock;

use proptest::prelude::*;
use rifflebox_core::{Origin, Tier};

use super::*;
use crate::RuleName;
use crate::find::naive_spans;

fn redactor(settings: RedactSettings) -> Redactor {
    Redactor::new(settings, Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// All rules, with two names and a key.
static EVERYTHING: LazyLock<Redactor> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "a key of more than sixteen bytes\n").unwrap();
    let settings = RedactSettings {
        rules: Some(Rule::ALL.map(RuleName::One).to_vec()),
        names: vec!["Ada Lovelace".to_owned(), "Bo".to_owned()],
        key_file: Some("key".to_owned()),
        ..RedactSettings::default()
    };
    let redactor = Redactor::new(settings, folder.path()).unwrap();
    redactor.ready().unwrap();
    redactor
});

fn redacted(redactor: &Redactor, text: &str) -> String {
    redactor.text(text.to_owned(), "", &mut Redactions::new()).unwrap()
}

#[test]
fn without_a_key_placeholders_are_all_alike() {
    let standard = redactor(RedactSettings::default());
    let text = "ada@x.org and bob@x.org call +49 30 901820";
    assert_eq!(redacted(&standard, text), "<EMAIL> and <EMAIL> call <PHONE>");
}

#[test]
fn with_a_key_equal_values_are_equal_in_any_form() {
    let text = redacted(&EVERYTHING, "Ada@x.org ada@X.org bob@x.org ADA  LOVELACE Ada Lovelace");
    let words: Vec<&str> = text.split(' ').collect();
    assert_eq!((words[0], words[3]), (words[1], words[4]));
    assert_ne!(words[0], words[2]);
}

#[test]
fn all_texts_of_a_document_are_redacted_and_its_id_is_not() {
    let standard = redactor(RedactSettings::default());
    let json = serde_json::json!({
        "author": "Ada <ada@x.org>", "phone": 4_930_901_820_i64, "stars": 4_930_901_820_i64,
        "tags": ["a", { "by": "bob@x.org" }], "ada@x.org": 1, "bob@x.org": null, "homePhone": "030 901820",
    });
    let Value::Map(fields) = Value::from(json) else { panic!("an object is a table") };
    let document = Document {
        source: "s".to_owned(),
        id: "ada@x.org.md".to_owned(),
        text: "mail ada@x.org".to_owned(),
        tier: Tier::T0,
        license: None,
        origin: Origin::default(),
        fields,
        redactions: Redactions::new(),
    };
    let document = standard.document(document).unwrap();
    assert_eq!((document.id.as_str(), document.text.as_str()), ("ada@x.org.md", "mail <EMAIL>"));
    let expected = serde_json::json!({
        "author": "Ada <<EMAIL>>", "phone": "<PHONE>", "stars": 4_930_901_820_i64, "tags": ["a", { "by": "<EMAIL>" }],
        "<EMAIL>": 1, "<EMAIL> 2": null, "homePhone": "<PHONE>",
    });
    assert_eq!(Value::Map(document.fields).to_json(), expected);
    assert_eq!(document.redactions, Redactions::from([("email".to_owned(), 5), ("phone".to_owned(), 2)]));
}

#[test]
fn what_is_read_from_outside_is_named_where_it_is_missing() {
    let check = |settings: RedactSettings, expected: &str| {
        let redactor = redactor(settings);
        let error = redactor.ready().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(
            redactor.text("a".to_owned(), "", &mut Redactions::new()).unwrap_err().kind(),
            ErrorKind::Usage
        );
    };
    let base = RedactSettings::default;
    check(RedactSettings { key_env: Some("RIFFLEBOX_NO_KEY".into()), ..base() }, "RIFFLEBOX_NO_KEY");
    check(RedactSettings { key_file: Some("no/key".into()), ..base() }, "no/key, which `key_file` names");
    check(
        RedactSettings { names_file: Some("no/names".into()), ..base() },
        "no/names, which `names_file` names",
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "short").unwrap();
    let settings = RedactSettings { key_file: Some("key".into()), ..base() };
    let error = Redactor::new(settings, folder.path()).unwrap().ready().unwrap_err();
    assert!(error.to_string().contains("has 5 bytes"), "{error}");
}

#[test]
fn the_meaning_changes_with_what_changes_a_text_and_tells_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
    write("one", "the first key of them\n");
    write("two", "the second key of them");
    write("names", "Ada Lovelace\n\n  Bo\n");
    let meaning =
        |settings: RedactSettings| Redactor::new(settings, folder.path()).unwrap().meaning().to_string();
    let base = RedactSettings::default;
    let keyed = |file: &str| RedactSettings { key_file: Some(file.to_owned()), ..base() };
    let listed = RedactSettings { names_file: Some("names".to_owned()), ..keyed("one") };
    let named = RedactSettings { names: vec!["Bo".into(), "Ada Lovelace".into()], ..keyed("one") };
    assert_eq!(meaning(listed.clone()), meaning(named.clone()), "where names stand changes nothing");
    let mapped = RedactSettings { map: Some("map".into()), ..listed.clone() };
    assert_eq!(meaning(listed.clone()), meaning(mapped), "the map is no part of results");
    let all = [
        meaning(base()),
        meaning(keyed("one")),
        meaning(keyed("two")),
        meaning(listed.clone()),
        meaning(RedactSettings { match_case: true, ..listed }),
        meaning(RedactSettings { names: vec!["Bo".into()], ..base() }),
        meaning(RedactSettings { rules: Some(vec![RuleName::One(Rule::Email)]), ..base() }),
    ];
    for (index, one) in all.iter().enumerate() {
        assert!(!all[..index].contains(one), "{one}");
        assert!(!one.contains("Lovelace") && !one.contains("first"), "{one}");
    }
}

#[test]
fn the_map_reverses_pseudonyms() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "a key of more than sixteen bytes").unwrap();
    let settings =
        RedactSettings { key_file: Some("key".into()), map: Some("map".into()), ..Default::default() };
    let redactor = Redactor::new(settings, folder.path()).unwrap();
    let text = redacted(&redactor, "Ada@x.org");
    redactor.write_map().unwrap();
    let map: Value =
        serde_json::from_slice::<serde_json::Value>(&std::fs::read(folder.path().join("map")).unwrap())
            .unwrap()
            .into();
    assert_eq!(map, Value::from(serde_json::json!({ text: ["Ada@x.org"] })));
}

/// Texts of what rules look for, broken and whole, with what may stand between.
fn odd_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "ada@x.org",
        "@",
        "x.org",
        "+49 30 901820",
        "(415) 867-5309",
        "415-867-5309",
        "DE89 3704 0044 0532 0130 00",
        "4111 1111 1111 1111",
        "93.184.216.34",
        "10.24.3.7",
        "2a00:1450:4001:81b::200e",
        "536-90-4399",
        "AB 12 34 56 C",
        "86095742719",
        "1 85 05 78 006 084 91",
        "12345678Z",
        "RSSMRA85T10A562S",
        "BSN 111222333",
        "2234 5678 9018",
        "password=Tr0ub4dor&3x",
        "AKIAQ3EGRIZJ5TFNHB7K",
        "Ada Lovelace",
        "Bo",
        "<EMAIL>",
        "<EMAIL_3f9a2c7b04de>",
        "<CARD_411111111111>",
        "tel",
        ":",
        " ",
        "-",
        ".",
        "\n",
        "1",
        "23",
        "a",
        "é",
        "<",
        ">",
        "_",
        "://u:",
        "/24",
        "-----BEGIN PRIVATE KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1a",
        "eyJhbGciOiJIUzI1NiJ9",
    ]);
    let piece =
        prop_oneof![6 => pieces.prop_map(str::to_owned), 1 => any::<String>(), 1 => "[0-9 .+:()-]{1,24}"];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn spans_are_those_of_the_slow_reference(text in odd_text()) {
        let names = Names::new(["Ada Lovelace", "Bo"], false);
        let looked = Text { text: &text, column: "" };
        let found = spans(&looked, &EVERYTHING.rules, &names);
        for pair in found.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start, "{:?}", found);
        }
        prop_assert_eq!(&found, &naive_spans(&looked, &EVERYTHING.rules, &names), "{:?}", text);
    }

    #[test]
    fn what_is_redacted_stays_as_it_is(text in odd_text()) {
        let once = redacted(&EVERYTHING, &text);
        let mut counts = Redactions::new();
        prop_assert_eq!(&EVERYTHING.text(once.clone(), "", &mut counts).unwrap(), &once);
        prop_assert!(counts.is_empty(), "{:?}", counts);
        let plain = redactor(RedactSettings::default());
        let once = redacted(&plain, &text);
        prop_assert_eq!(redacted(&plain, &once), once);
    }
}

#[test]
fn no_text_takes_long() {
    for piece in [
        "eyJ.",
        "-----BEGIN PRIVATE KEY-----",
        "=a",
        "a@",
        "a.-",
        "<",
        "1.",
        "1 ",
        "+1",
        "a:",
        "sk-",
        "://a:",
        "Ada ",
        "a",
        "1",
        "(",
        " ",
        "x@a-.",
        "token=",
        "::1",
    ] {
        let text = piece.repeat((1 << 14) / piece.len());
        assert!(redacted(&EVERYTHING, &text).len() <= text.len() * 20, "{piece}");
    }
}
