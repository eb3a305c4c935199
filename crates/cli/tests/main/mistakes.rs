//! Command lines and flow files that are wrong.

use crate::support::Folder;

#[test]
fn a_broken_flow_file_is_named_with_line_and_column() {
    let folder = Folder::scaffold();
    folder.write("flow.toml", &folder.read("flow.toml").replace("tier = \"T0\" ", "teir = \"T0\" "));
    let refused = folder.run(&["build"]).exits(2);
    assert!(
        refused.stderr().contains("flow.toml:7:1: [source.pages] has no key `teir`: did you mean `tier`?"),
        "{}",
        refused.stderr()
    );
    assert_eq!(refused.stdout(), "");
    let refused = folder.run(&["plan", "--json"]).exits(2);
    assert_eq!(refused.json()["error"]["exit"], 2);
    assert!(!folder.path("workspace").exists());
}

#[test]
fn usage_is_two() {
    let folder = Folder::new();
    for line in [
        &["bild"][..],
        &[],
        &["build", "--wokers", "2"],
        &["build", "missing.toml"],
        &["build", "s3://bucket/prefix"],
        &["status", "ftp://somewhere"],
        &["explain"],
        &["diff", "1"],
        &["rollback", "one"],
        &["rows", "--status", "lost"],
    ] {
        let refused = folder.run(line).exits(2);
        assert!(!refused.stderr().is_empty() && refused.stdout().is_empty(), "{line:?}");
    }
    let missing = folder.run(&["build"]).exits(2);
    assert!(missing.stderr().contains("cannot read the flow file flow.toml"), "{}", missing.stderr());
    assert!(missing.stderr().contains("rifflebox new"), "{}", missing.stderr());
}

#[test]
fn help_and_version_are_no_mistakes() {
    let folder = Folder::new();
    assert!(folder.run(&["--version"]).ok().stdout().starts_with("rifflebox "));
    let help = folder.run(&["--help"]).ok().stdout();
    for verb in [
        "build", "plan", "preview", "watch", "status", "explain", "rows", "diff", "log", "rollback", "check",
        "gc", "new",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(verb)), "{verb}: {help}");
    }
}

#[test]
fn nothing_built_is_told() {
    let folder = Folder::scaffold();
    let refused = folder.run(&["status", "--json"]).exits(1);
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("nothing has been built"));
}
