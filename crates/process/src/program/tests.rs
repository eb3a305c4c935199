use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::*;

/// A program that answers each line with the double of its number; `{}` stands for what it does with an item first.
const DOUBLE: &str = "
import json, os, signal, sys, time
for line in sys.stdin:
    item = json.loads(line)
    n = item['n']
    {}
    print(json.dumps({'id': item['id'], 'double': 2 * n}), flush=True)
";

fn settings(command: &[&str]) -> ProgramSettings {
    ProgramSettings {
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        version: None,
        version_command: None,
        files: None,
        family: None,
        batch: None,
        concurrency: None,
        timeout_s: None,
        sandbox: None,
    }
}

fn python(script: &str) -> (TempDir, Program) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("judge.py"), script).unwrap();
    let program = Program::new(&settings(&["python3", "-S", "judge.py"]), dir.path()).unwrap();
    (dir, program)
}

fn items(numbers: &[i64]) -> Vec<Map<String, Value>> {
    numbers.iter().map(|n| Map::from_iter([("n".to_owned(), json!(n))])).collect()
}

/// Asks a program about numbers, and returns its answers' `double`, or why there is none.
async fn doubles(program: &Program, numbers: &[i64]) -> Vec<Result<i64, Failure>> {
    let answers = program.ask(items(numbers)).await;
    answers.into_iter().map(|answer| Ok(answer?["double"].as_i64().unwrap())).collect()
}

async fn check(script: &str, numbers: &[i64], expected: &[Result<i64, Failure>]) {
    let (_dir, program) = python(script);
    assert_eq!(doubles(&program, numbers).await, expected);
}

fn failed<T>(reason: &str) -> Result<T, Failure> {
    Err(Failure::Final(reason.to_owned()))
}

fn owed<T>(reason: &str) -> Result<T, Failure> {
    Err(Failure::Owed(reason.to_owned()))
}

#[tokio::test]
async fn answers_are_known_by_id_or_by_order() {
    check(&DOUBLE.replace("{}", "pass"), &[1, 2, 3], &[Ok(2), Ok(4), Ok(6)]).await;
    let backwards = "
import json, sys
items = [json.loads(line) for line in sys.stdin]
for item in reversed(items):
    print(json.dumps({'id': item['id'], 'double': 2 * item['n']}))
";
    check(backwards, &[1, 2, 3], &[Ok(2), Ok(4), Ok(6)]).await;
    let nameless = "
import json, sys
for line in sys.stdin:
    print(json.dumps({'double': 2 * json.loads(line)['n']}))
";
    check(nameless, &[1, 2, 3], &[Ok(2), Ok(4), Ok(6)]).await;
}

#[tokio::test]
async fn chatter_beside_named_answers_does_no_harm() {
    let chatty = DOUBLE.replace("{}", "print('item', n); print(); print('[1, 2]')");
    check(&chatty, &[1, 2], &[Ok(2), Ok(4)]).await;
}

#[tokio::test]
async fn equal_items_are_each_answered() {
    check(&DOUBLE.replace("{}", "pass"), &[1, 1, 2, 1], &[Ok(2), Ok(2), Ok(4), Ok(2)]).await;
}

#[tokio::test]
async fn one_that_dies_fails_its_item_alone() {
    let dying = DOUBLE.replace("{}", "if n == 2: sys.exit('no\\n2 is not for me\\n')");
    let reason = "the program ended with status 1: 2 is not for me";
    check(&dying, &[1, 2, 3], &[Ok(2), failed(reason), Ok(6)]).await;
    check(&dying, &[2], &[failed(reason)]).await;
}

#[tokio::test]
async fn one_that_crashes_fails_its_item_and_one_that_is_killed_owes_it() {
    let crashing = DOUBLE.replace("{}", "if n == 2: os.kill(os.getpid(), signal.SIGSEGV)");
    check(&crashing, &[1, 2, 3], &[Ok(2), failed("the program crashed with signal 11"), Ok(6)]).await;
    let killed = DOUBLE.replace("{}", "if n == 2: os.kill(os.getpid(), signal.SIGKILL)");
    check(&killed, &[1, 2, 3], &[Ok(2), owed("the program was killed by signal 9"), Ok(6)]).await;
}

#[tokio::test]
async fn one_that_cannot_begin_owes_everything() {
    let reason =
        "the program fails before it reads, with status 1: ModuleNotFoundError: No module named 'not_there'";
    check("import not_there", &[1, 2], &[owed(reason), owed(reason)]).await;
    let dir = tempfile::tempdir().unwrap();
    let missing = Program::new(&settings(&["./not-there"]), dir.path()).unwrap();
    let answers = doubles(&missing, &[1, 2]).await;
    assert_eq!(answers[0], answers[1]);
    let Err(Failure::Owed(reason)) = &answers[0] else { panic!("{answers:?}") };
    assert!(reason.starts_with("cannot start `./not-there`: No such file"), "{reason}");
}

#[tokio::test]
async fn garbage_fails_its_item_alone() {
    let garbled = DOUBLE.replace("{}", "if n == 2: print('{\"id\": '); continue");
    let reason = "the program printed what is no JSON object: \"{\\\"id\\\":\"";
    check(&garbled, &[1, 2, 3], &[Ok(2), failed(reason), Ok(6)]).await;
    let silent = DOUBLE.replace("{}", "if n == 2: continue");
    check(&silent, &[1, 2, 3], &[Ok(2), failed("the program gave no answer"), Ok(6)]).await;
    let twice = DOUBLE.replace("{}", "if n == 2: print(json.dumps({'id': item['id'], 'double': 5}))");
    check(&twice, &[1, 2, 3], &[Ok(2), failed("the program gave 2 answers to one item"), Ok(6)]).await;
    let foreign = DOUBLE.replace("{}", "item['id'] += 'x' * (n == 2)");
    let reason = "the program answered an id that it was not asked";
    check(&foreign, &[1, 2, 3], &[Ok(2), failed(reason), Ok(6)]).await;
}

#[tokio::test]
async fn too_few_nameless_answers_are_asked_for_one_by_one() {
    let nameless = "
import json, sys
for line in sys.stdin:
    n = json.loads(line)['n']
    if n != 2: print(json.dumps({'double': 2 * n}))
";
    check(nameless, &[1, 2, 3], &[Ok(2), failed("the program gave no answer"), Ok(6)]).await;
}

#[tokio::test]
async fn one_that_hangs_is_stopped_and_fails_its_item_alone() {
    let (_dir, mut program) = python(&DOUBLE.replace("{}", "while n == 2: time.sleep(1000)"));
    program.timeout = Duration::from_millis(1_500);
    assert_eq!(
        doubles(&program, &[1, 2, 3]).await,
        [Ok(2), failed("the program took longer than 1 s"), Ok(6)]
    );
}

#[tokio::test]
async fn one_that_floods_is_stopped() {
    let (dir, mut program) = python(&DOUBLE.replace("{}", "while n == 2: print('x' * 1000)"));
    program.door = Arc::new(Here { dir: dir.path().to_owned(), most_stdout_bytes: 1 << 20 });
    let reason = "the program printed more than 1048576 bytes";
    assert_eq!(doubles(&program, &[1, 2, 3]).await, [Ok(2), failed(reason), Ok(6)]);
}

#[tokio::test]
async fn complaints_without_end_are_read_and_their_last_line_is_kept() {
    let loud = DOUBLE.replace("{}", "sys.stderr.write('x' * 99 + '\\n' * 2) if n else None\n    [sys.stderr.write('y' * 999 + '\\n') for _ in range(3000)]\n    if n == 2: sys.exit('enough')");
    check(&loud, &[1, 2], &[Ok(2), failed("the program ended with status 1: enough")]).await;
}

#[tokio::test]
async fn one_that_never_reads_gives_no_answer() {
    let (_dir, program) = python("");
    let large = Map::from_iter([("n".to_owned(), json!("x".repeat(1 << 20)))]);
    assert_eq!(program.ask(vec![large]).await, [failed("the program gave no answer")]);
}

#[cfg(target_os = "linux")]
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie is dead.
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_program_leaves_behind_ends_with_it() {
    let script = "
import json, subprocess, sys
for line in sys.stdin:
    child = subprocess.Popen(['sleep', '1000'])
    print(json.dumps({'double': child.pid}), flush=True)
";
    let (_dir, program) = python(script);
    let pid = doubles(&program, &[1]).await[0].clone().unwrap().to_string();
    while runs(&pid) {
        tokio::task::yield_now().await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_dropped_question_ends_the_program() {
    let (dir, program) =
        python("import os, time\nopen('pid', 'w').write(f'{os.getpid()}.')\ntime.sleep(1000)");
    let path = dir.path().join("pid");
    let started = async {
        loop {
            let text = fs::read_to_string(&path).unwrap_or_default();
            if let Some(pid) = text.strip_suffix('.') {
                return pid.to_owned();
            }
            tokio::task::yield_now().await;
        }
    };
    let pid = tokio::select! {
        _ = program.ask(items(&[1])) => panic!("it hangs"),
        pid = started => pid,
    };
    while runs(&pid) {
        tokio::task::yield_now().await;
    }
}

#[test]
fn what_answers_depend_on_is_the_command_its_files_and_its_version() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("judge.py", "one");
    write("rules.txt", "one");
    let meaning = |settings: &ProgramSettings| {
        let program = Program::new(settings, dir.path()).unwrap();
        (program.version().to_owned(), program.meaning())
    };
    let plain = settings(&["python3", "judge.py"]);
    let before = meaning(&plain);
    let hurried =
        ProgramSettings { batch: Some(1), concurrency: Some(1), timeout_s: Some(1), ..plain.clone() };
    assert_eq!(meaning(&hurried), before);
    write("rules.txt", "two");
    assert_eq!(meaning(&plain), before);
    write("judge.py", "two");
    assert_ne!(meaning(&plain), before);
    let listed = ProgramSettings { files: Some(vec!["rules.txt".into()]), ..plain.clone() };
    let before = meaning(&listed);
    write("judge.py", "three");
    assert_eq!(meaning(&listed), before);
    write("rules.txt", "three");
    assert_ne!(meaning(&listed), before);
    let versioned = ProgramSettings {
        version_command: Some(["sh", "-c", "echo ' 1.2 '"].map(str::to_owned).to_vec()),
        ..plain.clone()
    };
    assert_eq!(meaning(&versioned).0, "1.2");
}

#[test]
fn wrong_settings_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let check = |settings: ProgramSettings, expected: &str| {
        let error = Program::new(&settings, dir.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.chain().starts_with(expected), "{}", error.chain());
    };
    let plain = settings(&["true"]);
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    check(settings(&[]), "`command` is empty");
    check(ProgramSettings { batch: Some(0), ..plain.clone() }, "`batch` is at least 1");
    check(ProgramSettings { files: words(&["gone.txt"]), ..plain.clone() }, "`files`: cannot read gone.txt");
    let failing =
        ProgramSettings { version_command: words(&["sh", "-c", "echo no >&2; exit 3"]), ..plain.clone() };
    check(failing, "`version_command`: the program fails: no");
    check(
        ProgramSettings { version_command: words(&["true"]), ..plain.clone() },
        "`version_command` prints nothing",
    );
    let both = ProgramSettings { version: Some("1".into()), version_command: words(&["true"]), ..plain };
    check(both, "`version` and `version_command` exclude each other");
}
