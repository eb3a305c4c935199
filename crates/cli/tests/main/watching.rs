//! `watch`: builds as sources change.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::support::Folder;

#[test]
fn a_changed_page_and_a_changed_flow_are_built() {
    let folder = Folder::scaffold();
    let mut command = folder.command(&["watch", "--json", "--quiet", "--interval-ms", "20"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };

    assert_eq!(next()["version"], 1);
    folder
        .write("pages/more.md", "# Sluices\n\nA **sluice** is a channel that washes gravel over riffles.\n");
    let more = next();
    assert_eq!((&more["version"], &more["documents"]["added"]), (&2.into(), &1.into()), "{more}");
    // A broken flow is told, and mended by the next change.
    let flow = folder.read("flow.toml");
    folder.write("flow.toml", &flow.replace("[publish]", "[publihs]"));
    folder.write("flow.toml", &flow.replace("\"passages\", \"supported\"", "\"passages\""));
    let flow = folder.read("flow.toml").replace("[verify.supported]", "[verify.idle]");
    let cut = flow.find("[verify.idle]").unwrap()..flow.find("[dedup.exact]").unwrap();
    let flow = format!("{}{}", &flow[..cut.start], &flow[cut.end..]);
    let cut = flow.find("[generate.cloze]").unwrap()..flow.find("[dedup.exact]").unwrap();
    let flow = format!("{}{}", &flow[..cut.start], &flow[cut.end..]);
    folder.write("flow.toml", &flow.replace("shares = { T0 = [0.34, 1.0], T2 = [0.0, 0.66] }", ""));
    let human = next();
    assert_eq!(human["tokens"]["synthetic"], 0, "{human}");
    child.kill().unwrap();
    child.wait().unwrap();
}
