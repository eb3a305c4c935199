use proptest::prelude::*;
use rifflebox_core::{Fields, Origin, Tier};

use super::*;

const PAGE: &str = "---\ntitle: The job runner\n---\n\n# The job runner\n\n## Worker\n\nA worker is a process that takes tasks \
    from the queue. Workers retry each task twice.\n\n## Queue\n\nThe queue keeps tasks in order of their age.\n\n\
    The `--drain` flag stops the intake of tasks. The `--halt` flag ends all workers at once.\n\n\
    | Setting | Default | Description |\n|--|--|--|\n| `max_age` | 15s | Longest wait |\n| `max_len` | 100 | Longest line of tasks |\n\n\
    ## Can it be paused?\n\nYes, the runner can be paused with one signal to its first process.\n";

fn document(text: &str) -> Document {
    let (source, id, text) = ("docs".to_owned(), "runner.md".to_owned(), text.to_owned());
    Document {
        source,
        id,
        text,
        tier: Tier::T0,
        license: None,
        origin: Origin::default(),
        fields: Fields::new(),
        redactions: Default::default(),
    }
}

fn sample(content: Content) -> Sample {
    let (stage, origin, fields) = ("qa".to_owned(), Origin::default(), Fields::new());
    Sample {
        stage,
        content,
        context: None,
        documents: Vec::new(),
        tier: Tier::T3,
        synthetic: true,
        origin,
        fields,
    }
}

/// Returns the first word of the reason why an answer is not confirmed, or "ok".
fn judged(prompt: &str, completion: &str) -> String {
    judged_by(PAGE, prompt, completion)
}

fn judged_by(page: &str, prompt: &str, completion: &str) -> String {
    let sample = sample(Content::Completion { prompt: prompt.to_owned(), completion: completion.to_owned() });
    let verdict = Supported::default().verify(&sample, &[document(page)]);
    verdict.reason.map_or("ok".to_owned(), |reason| reason.split(':').next().unwrap_or_default().to_owned())
}

#[test]
fn what_the_document_says_is_confirmed() {
    for (prompt, completion) in [
        ("What is a worker?", "A worker is a process that takes tasks from the queue."),
        ("Which flag stops the intake of tasks?", "`--drain`"),
        ("What is the default of the setting `max_age`?", "15s"),
        ("Which setting is described as \"Longest line of tasks\"?", "max_len"),
        ("Fill in: \"The queue keeps ____ in order of their age.\"", "tasks"),
        (
            "Can the job runner be paused?",
            "Yes, the runner can be paused with one signal to its first process.",
        ),
        ("In what order does the queue keep tasks?", "of their age"),
    ] {
        assert_eq!(judged(prompt, completion), "ok", "{prompt} {completion}");
    }
}

#[test]
fn what_it_does_not_say_is_not() {
    for (prompt, completion, reason) in [
        ("What is a worker?", "A worker is a process that puts tasks into the queue.", "unsupported"),
        ("What is a worker?", "The queue keeps tasks in order of their age.", "unsupported"),
        ("Which flag stops the intake of tasks?", "--halt", "unsupported"),
        ("What is the default of the setting `max_age`?", "100", "unsupported"),
        ("What is the default of the setting `max_age`?", "Longest wait", "ambiguous"),
        ("Which flag does it?", "--drain", "ambiguous"),
        ("What is the default?", "15s", "ambiguous"),
        ("What is it?", "15s", "vague"),
        ("Which flag, drain or halt, stops the intake of tasks?", "--drain", "leak"),
        ("What d-r-a-i-n-s the intake of tasks by a flag?", "drain", "leak"),
        ("Which flag stops and drains the intake of tasks?", "--drain", "leak"),
        ("How many times do workers retry each task?", "twice", "type"),
        ("Which flag stops the intake of tasks?", "", "empty"),
        ("Which flag stops the intake of tasks?", " ... ", "empty"),
        ("", "--drain", "empty"),
    ] {
        assert_eq!(judged(prompt, completion), reason, "{prompt} {completion}");
    }
}

#[test]
fn a_second_span_makes_it_ambiguous() {
    let judged = |more: &str, prompt: &str, completion: &str| {
        let sample =
            sample(Content::Completion { prompt: prompt.to_owned(), completion: completion.to_owned() });
        let verdict = Supported::default().verify(&sample, &[document(&format!("{PAGE}\n{more}\n"))]);
        verdict.reason.unwrap_or_default()
    };
    let definition = "A worker is a process that takes tasks from the queue.";
    assert_eq!(judged("## More\n\nThe queue is long.", "What is a worker?", definition), "");
    assert_eq!(
        judged("## More\n\nA worker is a thread of the runner's own pool.", "What is a worker?", definition),
        "ambiguous: the document also says \"a worker is a thread of the runner s own pool\""
    );
    let flag = "Which flag stops the intake of tasks?";
    assert!(judged("The `--stop` flag stops the intake of tasks.", flag, "--drain").starts_with("ambiguous"));
}

#[test]
fn other_samples_are_refused_with_a_reason() {
    let text = sample(Content::Text { text: "A worker is a process.".to_owned() });
    let verdict = Supported::default().verify(&text, &[document(PAGE)]);
    assert_eq!(verdict.reason.as_deref(), Some("kind: only a prompt with a completion can be supported"));
    let asked = sample(Content::Completion {
        prompt: "What is a worker?".to_owned(),
        completion: "A process.".to_owned(),
    });
    let verdict = Supported::default().verify(&asked, &[]);
    assert_eq!(verdict.reason.as_deref(), Some("unsupported: no document says the answer"));
}

#[test]
fn help_texts_and_comments_describe_names() {
    let page = "# The job runner\n\n```\n      --before duration   Spare what ended within this time (default 24h)\n\
        \x20     --after duration    Spare what began within that age\n```\n\n```yaml\n# How often the queue is searched.\n\
        [ sweep_interval: <duration> | default = 90s ]\n# How long a task may wait.\n[ max_age: <duration> ]\n```\n";
    let spared = "Spare what began within that age";
    for (prompt, completion, verdict) in [
        ("What does the flag `--after` do?", spared, "ok"),
        ("What does the flag `--before` do?", spared, "unsupported"),
        ("Which flag is described as \"Spare what began within that age\"?", "--after", "ok"),
        ("Which flag is described as \"Spare what began within that age\"?", "--before", "unsupported"),
        ("What is the default value of the flag `--before`?", "24h", "ok"),
        ("How is the setting `sweep_interval` described?", "How often the queue is searched.", "ok"),
        ("How is the setting `max_age` described?", "How often the queue is searched.", "unsupported"),
        ("What is the default value of the setting `sweep_interval`?", "90s", "ok"),
        ("Which flag limits how many tasks there are?", "--after", "unsupported"),
    ] {
        assert_eq!(judged_by(page, prompt, completion), verdict, "{prompt} {completion}");
    }
}

#[test]
fn abbreviations_stand_for_the_words_before_them() {
    let page = "# The job runner\n\nA write-ahead log (WAL) keeps the tasks. The WAL is read again after a wide area loss.\n\n\
        The dead letter queue (DLQ) is one, the deep lane queue (DLQ) another.\n";
    for (prompt, completion, verdict) in [
        ("What does the abbreviation \"WAL\" stand for?", "write-ahead log", "ok"),
        ("What does the abbreviation \"WAL\" stand for?", "wide area loss", "unsupported"),
        ("What does the abbreviation \"WAL\" stand for?", "keeps the tasks", "unsupported"),
        ("What does the abbreviation \"DLQ\" stand for?", "dead letter queue", "ambiguous"),
    ] {
        assert_eq!(judged_by(page, prompt, completion), verdict, "{prompt} {completion}");
    }
}

#[test]
fn identity() {
    let identity = Supported::default().identity();
    assert_eq!((identity.name.as_str(), identity.version.as_str()), ("supported", "3"));
    assert!(
        serde_json::from_str::<Supported>("{\"strict\": true}").is_err(),
        "an unknown setting is refused"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_sample_gets_a_verdict(text in "(\\PC{0,20}[\n|#`*\"-]{0,3}){0,20}", prompt in "\\PC{0,60}", completion in "\\PC{0,40}") {
        let sample = sample(Content::Completion { prompt, completion });
        let verdict = Supported::default().verify(&sample, &[document(&text)]);
        prop_assert_eq!(verdict.accept, verdict.reason.is_none());
        prop_assert_eq!(&verdict, &Supported::default().verify(&sample, &[document(&text)]));
    }
}

#[test]
fn a_row_is_asked_by_any_of_its_names() {
    let page = "---\n  title: Jobs\n---\n## Keys\n\n| YAML | Environment variable | Default |\n|--|--|--|\n\
        | `age` | `JOBS_AGE` | 15s |\n| `len`<br>`JOBS_LEN` | | 70 |\n";
    let asked = |name: &str, answer: &str| {
        let prompt = format!(
            "According to the page \"Jobs\", what is the default value of the environment variable `{name}`?"
        );
        judged_by(page, &prompt, answer)
    };
    assert_eq!([asked("JOBS_AGE", "15s"), asked("JOBS_LEN", "70")], ["ok", "ok"]);
    assert!(
        asked("JOBS_AGE", "70").starts_with("unsupported")
            && asked("JOBS_LEN", "15s").starts_with("unsupported")
    );
}
