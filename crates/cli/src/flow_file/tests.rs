use super::*;

mod models;
mod redaction;

const FLOW: &str = r#"name = "handbook"

[source.docs]
files = "docs/*.md"
tier = "T0"
license = "MIT"

[generate.passages]
from = ["docs"]

[generate.cloze]
from = ["docs"]

[verify.length]
from = ["cloze"]
max_words = 400

[dedup.exact]
from = ["passages", "length"]

[mix]
from = ["exact"]
tokens = 5_000_000
shares = { T0 = 0.3, T3 = 0.7 }

[publish]
shard_mb = 32
"#;

fn parse(text: &str) -> Result<FlowFile> {
    let environment = |name: &str| (name == "HOME").then(|| "/home/ada".to_owned());
    FlowFile::parse("flow.toml", text, Path::new("base"), &Registry::builtin(), &environment)
}

/// Changes one place of a sound flow, and checks what is said of it.
#[track_caller]
fn check(sound: &str, broken: &str, expected: &str) {
    assert_eq!(FLOW.matches(sound).count(), 1, "{sound:?} is not one place of the flow");
    let error = parse(&FLOW.replace(sound, broken)).err().expect("the flow is broken");
    assert_eq!(error.kind(), ErrorKind::Usage);
    let said = Mistakes::of(&error).expect("the error is of a flow file").to_string();
    assert_eq!(said, expected, "\n{said}\n");
}

#[test]
fn an_unknown_table() {
    check(
        "[dedup.exact]",
        "[dedupe.exact]",
        "flow.toml:18:2: unknown table `dedupe`: did you mean `dedup`?
  18 | [dedupe.exact]
     |  ^^^^^^",
    );
}

#[test]
fn an_unknown_key_at_the_top() {
    check(
        r#"name = "handbook""#,
        r#"nmae = "handbook""#,
        r#"flow.toml:1:1: unknown key `nmae`: did you mean `name`?
  1 | nmae = "handbook"
    | ^^^^"#,
    );
}

#[test]
fn an_unknown_operator() {
    check(
        "[verify.length]",
        "[verify.lenght]",
        "flow.toml:14:9: there is no verify operator `lenght`: did you mean `length`?
  14 | [verify.lenght]
     |         ^^^^^^",
    );
}

#[test]
fn an_operator_of_another_kind() {
    check(
        "[verify.length]",
        "[verify.cloze]",
        "flow.toml:14:9: there is no verify operator `cloze`: `cloze` belongs in a table [generate.NAME]
  14 | [verify.cloze]
     |         ^^^^^",
    );
}

#[test]
fn an_unknown_operator_by_use() {
    check(
        "max_words = 400",
        "use = \"lenght\"\nmax_words = 400",
        r#"flow.toml:16:7: there is no verify operator `lenght`: did you mean `length`?
  16 | use = "lenght"
     |       ^^^^^^^^"#,
    );
}

#[test]
fn an_unknown_setting() {
    check(
        r#"files = "docs/*.md""#,
        r#"fiels = "docs/*.md""#,
        r#"flow.toml:4:1: [source.docs] has no key `fiels`: did you mean `files`?
  4 | fiels = "docs/*.md"
    | ^^^^^"#,
    );
}

#[test]
fn an_unknown_setting_of_a_filter() {
    check(
        "max_words = 400",
        "max_wrods = 400",
        "flow.toml:16:1: `length` has no setting `max_wrods`: did you mean `max_words`?
  16 | max_wrods = 400
     | ^^^^^^^^^",
    );
}

#[test]
fn a_source_that_does_not_reach_a_verifier() {
    check(
        "[verify.length]\nfrom = [\"cloze\"]\nmax_words = 400",
        "[verify.length]\nuse = \"verbatim\"\nfrom = [\"cloze\"]\nsources = [\"dcos\"]",
        "flow.toml:17:11: `sources` of `length` names `dcos`, and no such source reaches it: did you mean `docs`?
  17 | sources = [\"dcos\"]
     |           ^^^^^^^^",
    );
}

#[test]
fn a_setting_of_verbatim_that_is_out_of_bounds() {
    check(
        "[verify.length]\nfrom = [\"cloze\"]\nmax_words = 400",
        "[verify.length]\nuse = \"verbatim\"\nfrom = [\"cloze\"]\nmin_words = 2",
        "flow.toml:17:13: `min_words` is at least 4: shorter runs are in every text
  17 | min_words = 2
     |             ^",
    );
}

#[test]
fn a_wrong_value() {
    check(
        "shard_mb = 32",
        r#"shard_mb = "32""#,
        r#"flow.toml:27:12: `shard_mb`: expected a whole number from 0 up, found the string "32"
  27 | shard_mb = "32"
     |            ^^^^"#,
    );
}

#[test]
fn a_wrong_value_of_a_filter() {
    check(
        "max_words = 400",
        r#"max_words = "many""#,
        r#"flow.toml:16:13: setting `max_words` of `length`: invalid type: string "many", expected u64
  16 | max_words = "many"
     |             ^^^^^^"#,
    );
}

#[test]
fn an_unknown_value() {
    check(
        r#"tier = "T0""#,
        r#"tier = "T9""#,
        r#"flow.toml:5:8: `tier`: unknown value `T9`: did you mean `T0`?
  5 | tier = "T9"
    |        ^^^^"#,
    );
}

#[test]
fn a_negative_number() {
    check(
        "tokens = 5_000_000",
        "tokens = -1",
        "flow.toml:23:10: `tokens`: expected a whole number from 0 up, found -1
  23 | tokens = -1
     |          ^^",
    );
}

#[test]
fn a_missing_key() {
    check(
        r#"files = "docs/*.md""#,
        "",
        "flow.toml:3:9: [source.docs] needs the key `files`
  3 | [source.docs]
    |         ^^^^",
    );
}

#[test]
fn an_unknown_stage() {
    check(
        r#"from = ["cloze"]"#,
        r#"from = ["close"]"#,
        r#"flow.toml:15:9: there is no stage `close`: did you mean `cloze`?
  15 | from = ["close"]
     |         ^^^^^^^"#,
    );
}

#[test]
fn a_stage_of_a_kind_that_cannot_be_read() {
    check(
        r#"from = ["cloze"]"#,
        r#"from = ["docs"]"#,
        r#"flow.toml:15:9: [verify.length] cannot read the source `docs`: it reads generate, verify and dedup stages
  15 | from = ["docs"]
     |         ^^^^^^"#,
    );
}

#[test]
fn a_stage_that_reads_nothing() {
    check(
        r#"from = ["cloze"]"#,
        "",
        "flow.toml:14:9: [verify.length] reads nothing: name its stages with `from`: it reads generate, verify and dedup stages
  14 | [verify.length]
     |         ^^^^^^",
    );
}

#[test]
fn a_stage_that_nothing_reads() {
    check(
        r#"from = ["passages", "length"]"#,
        r#"from = ["length"]"#,
        "flow.toml:8:11: nothing reads [generate.passages]: name it in another stage's `from`, or remove it
  8 | [generate.passages]
    |           ^^^^^^^^",
    );
}

#[test]
fn a_mix_that_nothing_publishes() {
    check(
        "[publish]\nshard_mb = 32",
        "",
        "flow.toml:21:2: nothing reads [mix.main]: publish it: add a table [publish]
  21 | [mix]
     |  ^^^",
    );
}

#[test]
fn a_circle() {
    check(
        r#"from = ["cloze"]"#,
        r#"from = ["cloze", "exact"]"#,
        r#"flow.toml:15:18: stages read each other in a circle: length reads exact reads length
  15 | from = ["cloze", "exact"]
     |                  ^^^^^^^"#,
    );
}

#[test]
fn a_name_twice() {
    check(
        "[dedup.exact]",
        "[dedup.length]\nuse = \"exact\"",
        r#"flow.toml:18:8: `length` is the name of [verify.length] already: names are unique over all kinds: take another one, and name the operator with `use`
  18 | [dedup.length]
     |        ^^^^^^
flow.toml:23:9: there is no stage `exact`: known are `passages`, `cloze`, `length`
  23 | from = ["exact"]
     |         ^^^^^^^"#,
    );
}

#[test]
fn a_stage_named_twice_in_from() {
    check(
        r#"from = ["passages", "length"]"#,
        r#"from = ["passages", "length", "passages"]"#,
        r#"flow.toml:19:31: `from` names `passages` twice
  19 | from = ["passages", "length", "passages"]
     |                               ^^^^^^^^^^"#,
    );
}

#[test]
fn a_missing_variable() {
    check(
        r#"license = "MIT""#,
        r#"license = "${LICENSE}""#,
        r#"flow.toml:6:11: the environment has no variable `LICENSE`: set LICENSE, or write `$${` for the characters themselves
  6 | license = "${LICENSE}"
    |           ^^^^^^^^^^^^"#,
    );
}

#[test]
fn an_open_variable() {
    check(
        r#"license = "MIT""#,
        r#"license = "${LICENSE""#,
        r#"flow.toml:6:11: `${` has no closing `}`: write `$${` for the characters themselves
  6 | license = "${LICENSE"
    |           ^^^^^^^^^^^"#,
    );
}

#[test]
fn a_reserved_table() {
    check(
        "[dedup.exact]",
        "[rules]\nmin_anchor = 0.3\n\n[dedup.exact]",
        "flow.toml:18:2: `rules` is not yet in this version of rifflebox: remove it, or take a later version
  18 | [rules]
     |  ^^^^^",
    );
}

#[test]
fn on_reject_where_it_has_no_meaning() {
    check(
        "[generate.cloze]",
        "[generate.cloze]\non_reject = \"drop\"",
        r#"flow.toml:12:1: `on_reject` belongs to verify tables, not to generate tables
  12 | on_reject = "drop"
     | ^^^^^^^^^"#,
    );
}

#[test]
fn an_unknown_on_reject() {
    check(
        "max_words = 400",
        "max_words = 400\non_reject = \"demot\"",
        r#"flow.toml:17:13: `on_reject` cannot be `demot`: did you mean `demote`?
  17 | on_reject = "demot"
     |             ^^^^^^^"#,
    );
}

#[test]
fn a_tier_that_nothing_can_make() {
    check(
        "T3 = 0.7",
        "T2 = 0.7",
        "flow.toml:24:22: nothing can make tier `T2`: what [mix.main] reads makes `T0`, `T3`
  24 | shares = { T0 = 0.3, T2 = 0.7 }
     |                      ^^",
    );
}

#[test]
fn a_tier_that_there_is_not() {
    check(
        "T3 = 0.7",
        "T7 = 0.7",
        "flow.toml:24:22: there is no tier `T7`: tiers are `T0`, `T1`, `T2`, `T3`
  24 | shares = { T0 = 0.3, T7 = 0.7 }
     |                      ^^",
    );
}

#[test]
fn shares_that_miss_one() {
    check(
        "T3 = 0.7",
        "T3 = 0.6",
        "flow.toml:24:10: the shares are at most 0.9 together, and must meet 1
  24 | shares = { T0 = 0.3, T3 = 0.6 }
     |          ^^^^^^^^^^^^^^^^^^^^^^",
    );
}

#[test]
fn a_share_that_is_none() {
    check(
        "T3 = 0.7",
        r#"T3 = "most""#,
        r#"flow.toml:24:27: `T3`: expected a share between 0 and 1, or a range such as [0.10, 0.20], found the string "most"
  24 | shares = { T0 = 0.3, T3 = "most" }
     |                           ^^^^^^"#,
    );
}

#[test]
fn an_unknown_tokenizer() {
    check(
        r#"name = "handbook""#,
        r#"tokenizer = "o200k""#,
        r#"flow.toml:1:13: there is no tokenizer "o200k"; did you mean `o200k_base`?
  1 | tokenizer = "o200k"
    |             ^^^^^^^"#,
    );
}

#[test]
fn a_tokenizer_file_that_is_missing() {
    check(
        r#"name = "handbook""#,
        r#"tokenizer = "file:tokenizer.json""#,
        r#"flow.toml:1:13: the tokenizer file tokenizer.json cannot be read (give the path of a tokenizer.json, relative to the flow file): No such file or directory (os error 2)
  1 | tokenizer = "file:tokenizer.json"
    |             ^^^^^^^^^^^^^^^^^^^^^"#,
    );
}

#[test]
fn a_table_without_a_name() {
    check(
        "[source.docs]",
        "[source]",
        r#"flow.toml:4:1: a source needs a name, and `files` stands outside of one: write [source.NAME] above it
  4 | files = "docs/*.md"
    | ^^^^^
flow.toml:5:1: a source needs a name, and `tier` stands outside of one: write [source.NAME] above it
  5 | tier = "T0"
    | ^^^^
flow.toml:6:1: a source needs a name, and `license` stands outside of one: write [source.NAME] above it
  6 | license = "MIT"
    | ^^^^^^^"#,
    );
}

#[test]
fn broken_toml() {
    check(
        r#"tier = "T0""#,
        "tier = T0",
        "flow.toml:5:8: invalid boolean, expected `true`
  5 | tier = T0
    |        ^^",
    );
}

#[test]
fn a_key_twice() {
    check(
        r#"tier = "T0""#,
        "tier = \"T0\"\ntier = \"T1\"",
        r#"flow.toml:6:1: duplicate key
  6 | tier = "T1"
    | ^^^^"#,
    );
}

#[test]
fn a_table_twice() {
    check(
        "[dedup.exact]",
        "[verify.length]\n\n[dedup.exact]",
        "flow.toml:18:9: duplicate key
  18 | [verify.length]
     |         ^^^^^^",
    );
}

#[test]
fn a_date() {
    check(
        r#"license = "MIT""#,
        "license = 2024-01-01",
        "flow.toml:6:11: 2024-01-01 is a date: write it as a string
  6 | license = 2024-01-01
    |           ^^^^^^^^^^",
    );
}

#[test]
fn splits_that_leave_nothing() {
    check(
        "shard_mb = 32",
        "splits = { test = 0.5, validation = 0.5 }",
        "flow.toml:27:10: the splits leave nothing for train
  27 | splits = { test = 0.5, validation = 0.5 }
     |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
    );
}

#[test]
fn keep_versions_of_none() {
    check(
        r#"name = "handbook""#,
        "keep_versions = 0",
        "flow.toml:1:17: `keep_versions` is at least 1
  1 | keep_versions = 0
    |                 ^",
    );
}

#[test]
fn a_glob_that_is_none() {
    check(
        r#"files = "docs/*.md""#,
        r#"files = "docs/[""#,
        r#"flow.toml:4:9: source `docs`: files = "docs/[": unclosed character class; missing ']'
  4 | files = "docs/["
    |         ^^^^^^^^"#,
    );
}

#[test]
fn several_mistakes_at_once() {
    check(
        "license = \"MIT\"\n\n[generate.passages]",
        "licence = \"MIT\"\n\n[generate.pasages]",
        r#"flow.toml:6:1: [source.docs] has no key `licence`: did you mean `license`?
  6 | licence = "MIT"
    | ^^^^^^^
flow.toml:8:11: there is no generate operator `pasages`: did you mean `passages`?
  8 | [generate.pasages]
    |           ^^^^^^^"#,
    );
}

fn stages(text: &str) -> Vec<String> {
    let flow = parse(text).unwrap_or_else(|error| panic!("{}", error.chain()));
    flow.plan.stages.into_iter().map(|stage| format!("{} <- {}", stage.name, stage.from.join(", "))).collect()
}

const WIRED: [&str; 7] = [
    "docs <- ",
    "passages <- docs",
    "cloze <- docs",
    "length <- cloze",
    "exact <- passages, length",
    "main <- exact",
    "publish main <- main",
];

#[test]
fn a_sound_flow_is_wired_as_written() {
    assert_eq!(stages(FLOW), WIRED);
    let flow = parse(FLOW).unwrap();
    assert_eq!((flow.plan.name.as_str(), flow.plan.keep_versions), ("handbook", 10));
    assert_eq!(flow.workspace, "file:base/workspace");
    assert_eq!((flow.text.as_str(), flow.kept_text.as_str()), (FLOW, FLOW));
}

#[test]
fn stages_stand_in_any_order() {
    let blocks: Vec<&str> = FLOW.split("\n\n").collect();
    let (top, tables) = blocks.split_first().unwrap();
    let turned: Vec<&str> = std::iter::once(top).chain(tables.iter().rev()).copied().collect();
    let mut wired = stages(&turned.join("\n\n"));
    assert!(parse(&turned.join("\n\n")).unwrap().plan.check().is_ok());
    wired.sort();
    let mut expected = WIRED.map(str::to_owned);
    expected.sort();
    assert_eq!(wired, expected);
}

#[test]
fn several_mixes_have_publishers_of_their_own() {
    let several = FLOW.replace("[mix]", "[mix.small]").replace(
        "[publish]\n",
        "[mix.large]\nfrom = \"exact\"\n[publish.large]\nfrom = \"large\"\n[publish.small]\nfrom = \"small\"\n",
    );
    assert_eq!(
        stages(&several)[5..],
        ["small <- exact", "large <- exact", "publish large <- large", "publish small <- small"]
    );
}

#[test]
fn the_workspace_starts_at_the_file() {
    let workspace = |url: &str| {
        let text = FLOW.replace("name =", &format!("workspace = {url:?}\nname ="));
        parse(&text).unwrap().workspace
    };
    assert_eq!(workspace("file:./kept"), "file:base/kept");
    assert_eq!(workspace("file:/kept"), "file:/kept");
    assert_eq!(workspace("s3://bucket/prefix"), "s3://bucket/prefix");
    assert_eq!(workspace("file:${HOME}/kept"), "file:/home/ada/kept");
}

#[test]
fn the_head_is_read_of_a_broken_flow() {
    let text = "workspace = \"s3://b/p\"\nkeep_versions = 3\n[generate.qa]\nmodel = \"${NONE}\"";
    let head = FlowHead::parse_in("flow.toml", text, Path::new("base"), &|_| None).unwrap();
    assert_eq!(head, FlowHead { workspace: "s3://b/p".to_owned(), keep_versions: 3 });
}

#[test]
fn a_recipe_below_the_floor_is_for_the_build_to_refuse() {
    assert!(parse(&FLOW.replace("T0 = 0.3, T3 = 0.7", "T0 = 0.1, T3 = 0.9")).is_ok());
}

#[test]
fn on_reject_reaches_the_stage() {
    use rifflebox_dataflow::{OnReject, Operator};
    let flow = parse(&FLOW.replace("max_words = 400", "max_words = 400\non_reject = \"tag\"")).unwrap();
    let operator = &flow.plan.stage("length").unwrap().operator;
    assert!(matches!(operator, Operator::Verify(_, OnReject::Tag)));
}

#[test]
fn a_confirming_verifier_makes_its_tier() {
    let confirmed = FLOW.replace("[verify.length]", "[verify.supported]").replace("max_words = 400\n", "");
    let confirmed = confirmed.replace("\"length\"", "\"supported\"").replace("T3 = 0.7", "T2 = 0.7");
    assert_eq!(stages(&confirmed).len(), 7);
    // What is refused and goes on is still of the lowest tier.
    let both = confirmed.replace("T2 = 0.7", "T2 = 0.4, T3 = 0.3");
    let refused = Mistakes::of(&parse(&both).err().unwrap()).unwrap().to_string();
    assert!(refused.contains("nothing can make tier `T3`"), "{refused}");
    let demoted = both.replace("from = [\"cloze\"]", "from = [\"cloze\"]\non_reject = \"demote\"");
    assert_eq!(stages(&demoted).len(), 7);
}

#[test]
fn an_operator_of_ones_own_is_known() {
    use rifflebox_core::{Sample, Verdict, verifier};
    let registry = Registry::builtin().with(verifier("no-todo", "1", |_: &Sample| Verdict::accept()));
    let text = FLOW.replace(
        "[verify.length]\nfrom = [\"cloze\"]\nmax_words = 400",
        "[verify.no-todo]\nfrom = [\"cloze\"]",
    );
    let text = text.replace("\"length\"", "\"no-todo\"");
    let read = |text: &str| FlowFile::parse("flow.toml", text, Path::new("base"), &registry, &|_| None);
    assert_eq!(read(&text).unwrap().plan.stages[3].operator.identity().name, "no-todo");
    let error = read(&text.replace("[verify.no-todo]", "[verify.no-todo]\nword = 1")).err().unwrap();
    assert!(Mistakes::of(&error).unwrap().to_string().contains("[verify.no-todo] has no key `word`"));
}

#[test]
fn a_drawing_names_file_line_and_column() {
    let error = parse(&FLOW.replace("tier = \"T0\"", "teir = \"T0\"")).err().unwrap();
    let drawn = Mistakes::of(&error).unwrap().graphical(100);
    for part in ["flow.toml:5:1", "teir = \"T0\"", "did you mean `tier`?"] {
        assert!(drawn.contains(part), "{drawn}");
    }
}

proptest::proptest! {
    /// Whatever stands in a flow file, it is a flow or an error with places inside of the text.
    #[test]
    fn any_text_is_a_flow_or_a_mistake(
        edits in proptest::collection::vec((0..FLOW.len(), 0..40_usize, "[a-z\\[\\]\\{\\}=\"'.,# \n$é0-9_-]{0,6}"), 1..4)
    ) {
        let mut text = FLOW.to_owned();
        for (at, length, new) in edits {
            let start = text.floor_char_boundary(at);
            let end = text.floor_char_boundary(at.saturating_add(length)).max(start);
            text.replace_range(start..end, &new);
        }
        if let Err(error) = parse(&text) {
            let mistakes = Mistakes::of(&error).expect("the error is of the file");
            let first = mistakes.to_string();
            let place: Vec<&str> = first.splitn(4, ':').collect();
            let line: usize = place[1].parse().expect("a line");
            proptest::prop_assert!(line >= 1 && line <= text.lines().count().max(1) + 1, "{first}");
            proptest::prop_assert!(!mistakes.graphical(80).is_empty());
        }
    }
}

/// The flow with a held-out source, and what is held against it.
fn held_out() -> String {
    FLOW.replace("[generate.cloze]\n", "[source.exam]\nfiles = \"exam.jsonl\"\n\n[generate.cloze]\nwithhold = \"exam\"\n")
        .replace("[verify.length]", "[verify.clean]\nuse = \"decontaminate\"\nagainst = [\"exam\"]\nfrom = [\"passages\"]\n\n[verify.length]")
        .replace("\"passages\", \"length\"", "\"clean\", \"length\"")
}

#[test]
fn a_source_that_is_held_out_counts_as_read() {
    let plan = parse(&held_out()).unwrap().plan;
    assert_eq!(plan.held_out().into_iter().collect::<Vec<_>>(), ["exam"]);
    let held = |name: &str| plan.stage(name).unwrap().against.as_ref().map(|against| against.sources.clone());
    assert_eq!(held("cloze"), Some(vec!["exam".to_owned()]));
    assert_eq!(held("clean"), Some(vec!["exam".to_owned()]));
    assert_eq!(held("passages"), None);
}

#[test]
fn what_is_wrongly_held_out_is_named_with_its_place() {
    #[track_caller]
    fn said(sound: &str, broken: &str, expected: &str) {
        let text = held_out();
        assert_eq!(text.matches(sound).count(), 1, "{sound:?} is not one place of\n{text}");
        let error = parse(&text.replace(sound, broken)).err().expect("the flow is broken");
        let said = Mistakes::of(&error).expect("the error is of a flow file").to_string();
        assert!(said.contains(expected), "\n{said}\n");
    }
    said(
        "against = [\"exam\"]",
        "against = [\"exams\"]",
        "flow.toml:20:12: there is no source `exams`: did you mean `exam`?",
    );
    said(
        "withhold = \"exam\"",
        "withhold = \"docs\"",
        "flow.toml:15:12: `docs` is held out, and [generate.passages] makes samples of it",
    );
    said(
        "against = [\"exam\"]",
        "against = [\"cloze\"]",
        "flow.toml:20:12: [verify.clean] cannot be held against the generate `cloze`: it is held against sources",
    );
    said("against = [\"exam\"]\n", "", "[verify.clean] needs the key `against`");
    said("max_words = 400", "against = \"exam\"\nmax_words = 400", "[verify.length] has no key `against`");
    said(
        "against = [\"exam\"]",
        "against = [\"exam\"]\nthreshold = 2.0",
        "setting `threshold` of `decontaminate`",
    );
}
