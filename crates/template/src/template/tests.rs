use rifflebox_core::{Message, Tier, Value};

use super::*;

fn sample(content: Content) -> Sample {
    Sample {
        stage: "made".into(),
        content,
        context: None,
        documents: vec![],
        tier: Tier::T1,
        synthetic: false,
        origin: Default::default(),
        fields: Default::default(),
    }
}

fn text(text: &str) -> Sample {
    sample(Content::Text { text: text.into() })
}

fn with(mut sample: Sample, fields: serde_json::Value) -> Sample {
    let Value::Map(fields) = Value::from(fields) else { panic!("fields are a table") };
    sample.fields = fields;
    sample
}

fn fill(template: &str, sample: &Sample) -> Result<String, String> {
    Template::new("program", template).expect("it is a template").fill(&Values::of(sample))
}

#[track_caller]
fn assert_fills(template: &str, sample: &Sample, wanted: &str) {
    assert_eq!(fill(template, sample).as_deref(), Ok(wanted), "{template}");
}

#[track_caller]
fn assert_lacks(template: &str, sample: &Sample, wanted: &str) {
    assert_eq!(fill(template, sample), Err(wanted.to_owned()), "{template}");
}

#[test]
fn each_kind_of_sample_names_its_columns() {
    assert_fills("{{ text }}", &text("a"), "a");
    let completion = sample(Content::Completion { prompt: "p".into(), completion: "c".into() });
    assert_fills("{{ prompt }}{{ completion }}", &completion, "pc");
    let preference =
        sample(Content::Preference { prompt: "p".into(), chosen: "c".into(), rejected: "r".into() });
    assert_fills("{{ prompt }}{{ chosen }}{{ rejected }}", &preference, "pcr");
    let turn = |role: &str, said: &str| Message { role: role.into(), content: said.into() };
    let messages = vec![turn("user", "how?"), turn("assistant", "so")];
    let dialogue = sample(Content::Messages { messages });
    let turns = "{% for turn in messages %}{{ turn.role }}: {{ turn.content }}\n{% endfor %}";
    assert_fills(turns, &dialogue, "user: how?\nassistant: so\n");
    assert_fills("{{ messages[1].content }}", &dialogue, "so");
    let nothing_said = sample(Content::Messages { messages: vec![] });
    assert_fills("{{ messages | length }}", &nothing_said, "0");
}

#[test]
fn a_context_is_named_where_there_is_one_and_a_column_goes_before_a_field() {
    assert_lacks("{{ context }}", &text("a"), "`program` wants `context`; the sample has text");
    let fields = serde_json::json!({ "text": "of the field", "context": "of the field" });
    let mut hidden = with(text("of the column"), fields);
    assert_fills("{{ text }}, {{ context }}", &hidden, "of the column, of the field");
    hidden.context = Some("of the sample".to_owned());
    assert_fills("{{ context }}", &hidden, "of the sample");
}

#[test]
fn values_go_in_as_they_are_and_keep_their_kind() {
    let marks = "<b> & \"{{ text }}\" {% raw %} {# no #}\n";
    assert_fills("{{ text }}", &text(marks), marks);
    assert_fills("{{ text }}\n", &text("a"), "a\n");
    let fields = serde_json::json!({
        "count": 3, "share": 0.5, "sure": true, "none": null, "list": ["a", "b"], "table": { "k": [1, 2.0] },
    });
    let kinds = with(text("a"), fields);
    assert_fills("{{ count + 1 }} {{ share * 2 }} {{ not sure }}", &kinds, "4 1.0 False");
    assert_fills("{{ none is none }} {{ list | join('+') }} {{ table.k[0] }}", &kinds, "True a+b 1");
    assert_fills("{{ table | tojson }}", &kinds, r#"{"k": [1, 2.0]}"#);
    assert_fills("{% if sure and count > 2 %}yes{% endif %}{{ missing | default('-') }}", &kinds, "yes-");
}

#[test]
fn what_is_no_template_is_refused_by_the_name_of_its_setting_and_its_line() {
    for (wrong, why) in [
        ("{{ text", "unexpected end of input, expected end of variable block (in program:1)"),
        ("a\n{% if text %}", "unexpected end of input, expected end of block (in program:2)"),
        ("{% include 'other' %}", "unknown statement include (in program:1)"),
        ("{% endfor %}", "unknown statement endfor (in program:1)"),
    ] {
        let error = Template::new("program", wrong).expect_err(wrong);
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(error.to_string(), format!("`program` is no template: syntax error: {why}"));
    }
}

#[test]
fn what_a_sample_lacks_is_named_with_what_it_has() {
    let both = with(text("a"), serde_json::json!({ "tests": ["a"], "entry": "f" }));
    let lacks = "`program` wants `test`; the sample has entry, tests, text";
    assert_lacks("{{ text }}{{ test }}{{ zero }}", &both, lacks);
    assert_lacks("{% if test %}{% endif %}", &both, lacks);
    assert_lacks("{% for one in test %}{{ one }}{% endfor %}", &both, lacks);
    assert_lacks("{{ test.name }}", &both, lacks);
    // What a template makes itself, and what every template may name, no sample has to have.
    assert_fills("{% set own = 'b' %}{{ own }}{% for n in range(3) %}{{ n }}{% endfor %}", &both, "b012");
    assert_lacks(
        "{% for n in range(3) %}{{ tests.first }}{% endfor %}",
        &both,
        "`program` cannot be filled in: undefined value (in program:1)",
    );
}

#[test]
fn what_cannot_be_done_with_a_value_is_said_with_its_line() {
    let one = text("a");
    for (template, why) in [
        ("{{ text.name }}", "undefined value (in program:1)"),
        ("\n{{ text | shout }}", "unknown filter: filter shout is unknown (in program:2)"),
        ("{{ 1 / 0 }}", "invalid operation: unable to calculate 1 / 0 (in program:1)"),
        ("{% for c in 5 %}{% endfor %}", "invalid operation: number is not iterable (in program:1)"),
    ] {
        assert_lacks(template, &one, &format!("`program` cannot be filled in: {why}"));
    }
}

const MARKS: [char; 2] = ['\u{fdd0}', '\u{fdd1}'];

#[test]
fn marks_stand_around_what_values_put_in_and_nothing_else() {
    let marked = |template: &str| {
        let template = Template::new("problem", template).expect("it is a template").marking(['<', '>']);
        let sample = with(text("a"), serde_json::json!({ "list": ["b", "c"], "number": 7 }));
        template.fill(&Values::of(&sample).with_word("nonce", "w".to_owned())).expect("it is filled in")
    };
    assert_eq!(marked("(goal {{ text }} {{ number }})"), "(goal <a> <7>)");
    assert_eq!(marked("{{ list | join('+') }}{% for one in list %}{{ one }}{% endfor %}"), "<b+c><b><c>");
    assert_eq!(marked("{{ text | safe }}{{ nonce }}{{ text | upper }}"), "aw<A>");
    assert_eq!(marked("{{ 'of the template' }}"), "<of the template>");
}

#[test]
fn characters_are_found_wherever_a_value_holds_them() {
    let holds = |sample: &Sample| Values::of(sample).contains(MARKS);
    assert!(!holds(&with(text("ä\n\"\\"), serde_json::json!({ "list": ["\u{fdcf}"] }))));
    for mark in ["\u{fdd0}", "\u{fdd1}"] {
        let within = [
            text(mark),
            Sample { context: Some(mark.to_owned()), ..text("a") },
            with(text("a"), serde_json::json!({ "list": [{ "deep": [mark] }] })),
            with(text("a"), serde_json::json!({ "table": { mark: 1 } })),
        ];
        assert!(within.iter().all(holds), "{within:?}");
    }
}

#[test]
fn a_digest_is_of_all_that_a_template_may_name() {
    let digest = |sample: &Sample| Values::of(sample).digest();
    let one = with(text("a"), serde_json::json!({ "f": 1 }));
    assert_eq!(digest(&one), digest(&one.clone()));
    // What no template can name changes nothing.
    assert_eq!(digest(&one), digest(&Sample { stage: "other".into(), tier: Tier::T3, ..one.clone() }));
    let others = [
        text("a"),
        with(text("b"), serde_json::json!({ "f": 1 })),
        with(text("a"), serde_json::json!({ "f": 2 })),
        with(text("a"), serde_json::json!({ "f": "1" })),
        with(text("a"), serde_json::json!({ "g": 1 })),
        Sample { context: Some("c".to_owned()), ..one.clone() },
    ];
    assert!(others.iter().all(|other| digest(other) != digest(&one)));
}

#[test]
fn a_word_that_is_not_the_samples_cannot_be_taken_by_it() {
    let forged = with(text("a"), serde_json::json!({ "nonce": "mine" }));
    let template = Template::new("problem", "{{ nonce }}").expect("it is a template");
    let filled = template.fill(&Values::of(&forged).with_word("nonce", "ours".to_owned()));
    assert_eq!(filled.as_deref(), Ok("ours"));
    let without = template.fill(&Values::of(&text("a")));
    assert_eq!(without, Err("`problem` wants `nonce`; the sample has text".to_owned()));
}
