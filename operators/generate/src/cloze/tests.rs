use proptest::prelude::*;
use rifflebox_core::{Content, Fields, Origin, Tier, Value};

use super::*;

mod growth;

const TITLE: &str =
    "---\ntitle: The job runner\n---\n\nThe job runner is what is asked of in each of these tests.\n\n";

fn document(id: &str, text: &str) -> Document {
    let (source, id, text) = ("docs".to_owned(), id.to_owned(), text.to_owned());
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

fn drafts(cloze: &Cloze, document: &Document) -> Vec<Draft> {
    let mut drafts = Vec::new();
    cloze.generate(document, &mut |draft| drafts.push(draft)).expect("any document can be asked");
    drafts
}

/// Asks of a page with a title, and returns "shape: question = answer" without the name of the page.
fn asked(text: &str) -> Vec<String> {
    let document = document("a.md", &format!("{TITLE}{text}"));
    let line = |draft: Draft| {
        let Content::Completion { prompt, completion } = draft.content else { panic!("a question") };
        let shape = draft.fields["shape"].as_text().expect("a name").to_owned();
        let span = draft.span.expect("a part of the document");
        assert!(
            document.text.get(span.start as usize..span.end as usize).is_some_and(|part| !part.is_empty())
        );
        let ask = prompt.replace("According to ", "").replace("From ", "");
        format!(
            "{shape}: {} = {completion}",
            ask.replace("the page \"The job runner\" in the Jobber documentation", "P")
        )
    };
    let mut asked: Vec<String> = drafts(&Cloze::about("Jobber"), &document).into_iter().map(line).collect();
    asked.sort();
    asked
}

#[test]
fn definitions() {
    let text = "## Worker\n\nA worker is a process that takes tasks from the queue by their age.\n";
    let asked = asked(text);
    let both = [
        "definition: P, what is a worker? = A worker is a process that takes tasks from the queue by their age.",
        "term: P, which term is defined as \"a process that takes tasks from the queue by their age\"? = worker",
    ];
    assert!(asked.len() == 1 && both.contains(&asked[0].as_str()), "{asked:?}");
}

#[test]
fn questions_that_people_wrote() {
    assert_eq!(
        asked(
            "## Can the job runner be paused?\n\nYes, send it the stop signal and it will be paused at the end of each open task.\n"
        ),
        [
            "heading: P: Can the job runner be paused? = Yes, send it the stop signal and it will be paused at the end of each open task."
        ]
    );
}

#[test]
fn names_in_code() {
    assert_eq!(
        asked("## Flags\n\nThe `--drain` flag stops the intake of tasks and waits for all open ones.\n"),
        [
            "does: P, what does the flag `--drain` do? = The `--drain` flag stops the intake of tasks and waits for all open ones."
        ]
    );
    assert_eq!(
        asked(
            "## Start\n\nTo list all of the open tasks by age, run:\n\n```sh\njobctl ps --oldest-first\n```\n"
        ),
        [
            "command: the section \"Start\" of P, which command do you run to list all of the open tasks by age? = jobctl ps --oldest-first"
        ]
    );
}

#[test]
fn tables() {
    let text = "## Limits\n\n| Setting | Default | Description |\n|--|--|--|\n\
        | `max_age` | 15s | The longest time that a task may wait for a worker |\n\
        | `queue_len` | 100 | How many of the others can stand in line at once |\n";
    let asked = asked(text);
    assert!(
        asked.contains(
            &"cell: the section \"Limits\" of P, what is the default value of the setting `max_age`? = 15s"
                .to_owned()
        ),
        "{asked:?}"
    );
    assert!(
        asked.iter().all(|line| line.contains("of the setting") || line.contains("described")),
        "{asked:?}"
    );
}

#[test]
fn what_a_name_does() {
    let text = "## Task sweeper\n\nThe task sweeper watches the queue of the database and takes out each of the tasks that have expired.\n";
    assert_eq!(
        asked(text),
        [
            "does: P, what does the task sweeper do? = The task sweeper watches the queue of the database and takes out each of the tasks \
          that have expired."
        ]
    );
    let items = "## Keys\n\n- **max_age** sets how long the tasks may wait for a worker of their lane\n\
        - **drain_all** stops the intake, and lets all that is open come to its end\n";
    assert_eq!(
        asked(items),
        [
            "item-term: the section \"Keys\" of P, what sets how long the tasks may wait for a worker of their lane? = max_age",
            "item-term: the section \"Keys\" of P, what stops the intake, and lets all that is open come to its end? = drain_all",
        ]
    );
}

#[test]
fn defaults() {
    assert_eq!(
        asked("## Keys\n\n- `max_age`: how long a task may wait (default: `15m`).\n- `lanes`: see there.\n"),
        ["default: the section \"Keys\" of P, what is the default value of `max_age`? = 15m"]
    );
}

#[test]
fn help_texts() {
    let help = "## jobctl purge\n\nTakes out all of the tasks that are done.\n\n### Options\n\n```\n\
        \x20     --before duration   Spare tasks that ended within this time (default 24h)\n\
        \x20     --yes-to-all        Answer all questions at the prompt as a person would\n\
        \x20 -h, --help              Say what can be given to the command\n```\n";
    let of_help = asked(help);
    assert!(
        of_help.len() == 2
            && of_help.iter().all(|line| line.starts_with("flag: the section \"jobctl purge\" of P"))
    );
    assert!(!of_help.concat().contains("--help"), "what all programs have is not asked: {of_help:?}");
}

#[test]
fn a_page_without_a_name_is_asked_nothing() {
    let text =
        format!("{TITLE}## Worker\n\nA worker is a process that takes tasks from the queue by their age.\n");
    let unnamed = document("a.md", &text);
    assert!(drafts(&Cloze::default(), &unnamed).is_empty());
    assert_eq!(drafts(&Cloze::about("Jobber"), &unnamed).len(), 1);
    let named = text + &"What is sent to Jobber is kept, and Jobber is asked for it.\n\n".repeat(4);
    let [draft] = &drafts(&Cloze::default(), &document("a.md", &named))[..] else { panic!("one question") };
    assert!(draft.content.columns()[0].1.contains("on Jobber,"), "{draft:?}");
}

#[test]
fn names_that_no_question_can_say() {
    assert!(Cloze::default().check().is_ok() && Cloze::about("Argo CD").check().is_ok());
    for name in ["", " Jobber", "Jobber, the runner", "\"Jobber\"", "a\nb"] {
        assert!(Cloze::about(name).check().is_err(), "{name:?}");
    }
    let fingerprint = |cloze: Cloze| cloze.identity().fingerprint();
    assert_ne!(fingerprint(Cloze::about("Jobber")), fingerprint(Cloze::default()));
}

#[test]
fn lists() {
    let text = "## Backends\n\nThe job runner stores all tasks in one of the following three backends:\n\n- Postgres\n- Redis\n- SQLite\n";
    assert_eq!(
        asked(text),
        [
            "list: the section \"Backends\" of P, which three items make up the list that begins \"The job runner \
          stores all tasks in one of the following three backends:\"? = - Postgres\n- Redis\n- SQLite"
        ]
    );
}

#[test]
fn nothing_to_ask() {
    for text in [
        "## Worker\n\nIt is a process that takes tasks from the queue and runs them.\n",
        "## Worker\n\nThis worker is a process that is shown in the example above.\n",
        "## Worker\n\nThe worker is a great way to see what all of the others do.\n",
        "## Next\n\nThe `--drain` flag, like the one below, stops the intake of tasks at once.\n",
        "Wait for it, and then see what happens to the rest of the tasks.\n",
        // What a reader struck out: no article, broken grammar, no definition, plain words and types, labels, examples.
        "## Worker\n\nWorker is a process that takes tasks from the queue by age. Ask a worker for its logs.\n",
        "## Worker\n\nA worker is a process on an `Thread` that takes tasks from the queue by age.\n",
        "## Glossary\n\n### Worker\n\nThe set of all tasks MUST be sent with each of the jobs.\n",
        "## Keys\n\n- `age`: sets the longest time that a task may wait\n- `len`: sets how many of the tasks can wait\n",
        "## Keys\n\n| Key | Type |\n|--|--|\n| `max_age` | string |\n| `is_open` | boolean |\n",
        "## Aims\n\n- **Good practice**: the habit of closing all tasks before a new release\n- **Old ways**: the habit of leaving them open for a day\n",
        "## Example of keys\n\n- `max_age`: sets how long the tasks may wait\n- `max_len`: limits how many of the tasks can wait\n",
    ] {
        assert_eq!(asked(text), [""; 0], "{text}");
    }
    let toy = "# The job runner\n\n## Worker\n\nA worker is a process that takes tasks from the queue by their age.\n";
    assert_eq!(drafts(&Cloze::about("Jobber"), &document("docs/runner.md", toy)).len(), 1);
    for id in ["docs/demo/runner.md", "docs/CHANGELOG.md", "content/en/site/runner.md"] {
        assert!(drafts(&Cloze::about("Jobber"), &document(id, toy)).is_empty(), "{id}");
    }
    let plain = "A worker is a process that takes tasks from the queue and runs them.";
    assert!(drafts(&Cloze::about("Jobber"), &document("notes.txt", plain)).is_empty(), "no title");
    let code = "# Title\n\nfn main() { let the = of; }\n";
    assert!(drafts(&Cloze::about("Jobber"), &document("main.rs", code)).is_empty());
}

#[test]
fn other_languages_are_left_alone() {
    for text in [
        "# ワーカー\n\n**ワーカー** is a プロセス。ワーカーはキューからタスクを取ります。\n",
        "# El trabajador\n\n## Trabajador\n\nUn trabajador es un proceso que toma tareas de la cola.\n",
        "# Воркер\n\n## Worker\n\nWorker is a процесс, который берёт задачи из очереди.\n",
    ] {
        assert!(drafts(&Cloze::about("Jobber"), &document("a.md", text)).is_empty(), "{text}");
    }
}

#[test]
fn at_most_so_many_and_the_passage_if_wanted() {
    let entry = |n: usize| {
        format!(
            "### Part{n}x\n\nA part{n}x is a kind of box that stores {n} spare wheels of the whole machine.\n\n"
        )
    };
    let text: String = (10..40).map(entry).collect();
    let document = document("a.md", &format!("{TITLE}{text}"));
    let cloze = Cloze { per_document: 5, context: true, ..Cloze::about("Jobber") };
    let drafts = drafts(&cloze, &document);
    assert_eq!(drafts.len(), 5);
    for draft in drafts {
        let context = draft.context.expect("the passage");
        let support = draft.fields.get("support").and_then(Value::as_text).expect("the words");
        assert!(context.contains(support) && document.text.contains(&context));
    }
}

#[test]
fn the_place_of_a_page_does_not_choose_its_questions() {
    let entry = |n: usize| {
        format!(
            "### Part{n}x\n\nA part{n}x is a kind of box that stores {n} spare wheels of the whole machine.\n\n"
        )
    };
    let ask = |order: Vec<usize>| {
        let text: String = order.into_iter().map(entry).collect();
        let mut prompts: Vec<String> =
            drafts(&Cloze::about("Jobber"), &document("a.md", &format!("{TITLE}{text}")))
                .into_iter()
                .map(|draft| draft.content.columns()[0].1.to_owned())
                .collect();
        prompts.sort();
        prompts
    };
    assert_eq!(ask((10..40).collect()), ask((10..40).rev().collect()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_page_can_be_asked(
        parts in proptest::collection::vec(
            prop_oneof![
                "(The|A) [a-z]{1,8} is (a|the) [a-z ]{5,60}\\.\n\n", "#{1,4} [A-Za-z ?]{1,20}\n\n", "- \\*\\*[a-z]{1,8}\\*\\*: [A-Za-z ]{1,50}\n",
                "\\| `[a-z]{1,6}` \\| [a-z]{1,8} \\|\n\\|--\\|--\\|\n", "```sh\n[a-z ]{1,20}\n```\n\n", "\\PC{0,60}\n", "[`*_\\[\\](){}|<>\"]{1,12}\n",
                "> [a-z ]{1,20}\n", "The `[a-z-]{1,12}` flag sets the [a-z ]{10,50}\\.\n\n", ": [a-z ]{1,20}\n", "To [a-z ]{9,30}, run:\n\n",
            ],
            0..40,
        ),
    ) {
        let document = document("a.md", &format!("{TITLE}{}", parts.concat()));
        let drafts = drafts(&Cloze::about("Jobber"), &document);
        prop_assert!(drafts.len() <= 24);
        for draft in drafts {
            let span = draft.span.expect("a part of the document");
            prop_assert!(document.text.get(span.start as usize..span.end as usize).is_some());
        }
    }
}

#[test]
fn what_a_strict_reader_would_drop_is_not_asked() {
    for dropped in [
        // What the documentation is about: each page says another thing.
        "Jobber is a scheduler that hands the tasks of a cluster to idle workers.\n",
        "**Lane** is a recommended queue for tasks that wait on a slow database.\n",
        "**Lane** is a compact and optimized format.\n",
        "**Lane** is a queue that holds tasks, and it is drained by a worker of its own.\n",
        // Given away by the name.
        "- `tasksToKeep`: specifies the tasks to keep when cleaning up.\n- `b_c`: see there.\n",
        // A lesson's own.
        "## Example\n\n- `max_age`: sets how long the tasks may wait for a worker\n- `b_c`: see there.\n",
        // Two names answer.
        "The `--age` flag returns a copy of the open tasks sorted by age.\n\n\
         The `--size` flag returns a copy of the open tasks sorted by size.\n",
        "The `--lane` flag always defaults to the lane that was opened before all others.\n",
        "The tasks are kept in a write-ahead log (WAL) until they are done, and by the API.\n",
    ] {
        let asked: Vec<String> =
            asked(dropped).into_iter().filter(|line| !line.starts_with("does")).collect();
        assert!(asked.is_empty(), "{asked:?}");
    }
}

#[test]
fn rows_that_bear_several_names_are_asked_by_their_variable() {
    let text = "## Limits\n\n| YAML<br>environment variable | Default |\n|--|--|\n\
        | `age`<br>`JOBBER_MAX_AGE` | 15s |\n| `lanes` | 100 |\n\n\
        | YAML | Environment variable | Default |\n|--|--|--|\n| `len` | `JOBBER_MAX_LEN` | 70 |\n";
    let ask = "cell: the section \"Limits\" of P, what is the default value of the environment variable";
    assert_eq!(
        asked(text),
        [format!("{ask} `JOBBER_MAX_AGE`? = 15s"), format!("{ask} `JOBBER_MAX_LEN`? = 70")]
    );
}

#[test]
fn plain_words_in_code_need_to_be_of_a_kind() {
    let items = "- `await`: stop a task until the promise of another thread is kept\n\
        - `spawn`: move a closure with all it owns to an idle thread\n";
    let of = |heading: &str| asked(&format!("## {heading}\n\n{items}")).len();
    assert_eq!((of("Keywords"), of("Words")), (2, 0));
    assert!(
        asked(&format!("## Keywords\n\n{items}"))
            .iter()
            .all(|line| line.contains("the keyword `") || line.contains("which keyword is described as"))
    );
}

#[test]
fn a_remark_is_no_definition() {
    let asks = |text: &str| !asked(&format!("## Worker\n\n{text}\n")).is_empty();
    assert!(asks("A worker is a process that takes samples from a queue and hands them to a reader."));
    assert!(asks("Workers are optional processes that take the tasks of a queue by their age."));
    for remark in [
        "A worker is a process that takes old tasks, and no promise is made as to how many.",
        "A worker is a process that takes old tasks, which means that none waits for long.",
        "A worker is a process that takes all old tasks if the queue of them is a long one.",
        "A worker is a special case where all tasks of a queue are taken by their age.",
        "A worker is a wrapper around `a`, `b` and `c` that takes old tasks from a queue.",
    ] {
        assert!(!asks(remark), "{remark}");
    }
    let with = "---\ntitle: Run the job runner with Docker\n---\n\n## Docker\n\nDocker is an engine that runs what \
        is packed into images on top of one kernel.\n";
    assert!(drafts(&Cloze::about("Jobber"), &document("a.md", with)).is_empty(), "what others make");
}
