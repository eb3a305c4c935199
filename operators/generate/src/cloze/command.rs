//! "To do X, run:" and the one command that follows.

use super::named::section;
use super::page::{Kind, Page};
use super::prose::{is_clean, points_nowhere};
use super::question::{Ask, Question};
use super::words::{bare, is_english, terms};

const SHELLS: [&str; 6] = ["sh", "bash", "shell", "console", "shell-session", "zsh"];

/// What only the page's own example is called.
const EXAMPLES: [&str; 17] = [
    "my-",
    "my_",
    " my",
    "example",
    "://",
    "foo",
    "hello",
    "localhost",
    "echo ",
    "path/to",
    "some-",
    "your",
    "guestbook",
    "bookinfo",
    "booksapp",
    "emojivoto",
    "podinfo",
];

/// Asks for each command that a sentence introduces and a code block shows alone.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    let blocks = page.blocks();
    for (number, pair) in blocks.windows(2).enumerate() {
        let Kind::Code { language, text } = &pair[1].kind else { continue };
        let (line, sentence) = match &pair[0].kind {
            Kind::Paragraph(line) | Kind::Item { line, .. } => match line.sentences().pop() {
                Some(sentence) => (line, sentence),
                None => continue,
            },
            _ => continue,
        };
        let introduction = &line.text[sentence.clone()];
        let Some(command) = the_command(language, text) else { continue };
        let Some(aim) = aim_of(introduction) else { continue };
        // What goes on in a second block is not one command.
        if introduction.contains("commands")
            || matches!(blocks.get(number + 2), Some(next) if matches!(next.kind, Kind::Code { .. }))
        {
            continue;
        }
        let words = aim.split_whitespace().count();
        if !(4..=25).contains(&words)
            || terms(&aim).len() < 3
            || !points_nowhere(&aim)
            || !is_clean(&aim)
            || !is_english(introduction)
        {
            continue;
        }
        let how = if aim.starts_with("run ") { "use" } else { "run" };
        let support = format!("{introduction}\n{command}");
        questions.push(Question {
            shape: "command",
            quality: 85,
            ask: Ask::According(format!(
                "which command do you {how} to {}?",
                aim.trim_end_matches(['.', ','])
            )),
            section: section(page, number, &command),
            answer: command,
            support,
            span: line.source(&sentence).start..pair[1].span.end,
            block: number + 1,
        });
    }
}

/// Returns the one line of a shell's code block, without its prompt.
fn the_command(language: &str, text: &str) -> Option<String> {
    let name = language.split([' ', ',', '{']).next().unwrap_or_default().trim();
    if !SHELLS.contains(&name) {
        return None;
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("# "));
    let line = lines.next()?;
    let prompted = line.strip_prefix("$ ").or(line.strip_prefix("> "));
    // Without a prompt, further lines are further commands; with one they are what it prints.
    if lines.next().is_some() && (prompted.is_none() || text.matches("\n$ ").count() > 0) {
        return None;
    }
    let command = prompted.unwrap_or(line);
    let sound = (4..=140).contains(&command.chars().count())
        && command.contains(' ')
        && !command.contains(['<', '{', '…', '\\'])
        && !command.contains("...")
        && !command.starts_with("cd ")
        && !command.starts_with(['.', '/'])
        // A release's own number, with the next one it is another.
        && !command.split([' ', ':', '=']).any(|word| word.trim_start_matches('v').split('.').filter(|part| part.parse::<u32>().is_ok()).count() >= 3)
        && !EXAMPLES.iter().any(|name| command.contains(name));
    sound.then(|| command.to_owned())
}

/// Returns what an introduction says the command is for, as the words after "to".
fn aim_of(introduction: &str) -> Option<String> {
    let text = introduction.trim().strip_suffix(':')?;
    if let Some(rest) = text.strip_prefix("To ") {
        let (aim, how) = rest.split_once(", ")?;
        let runs = [
            "run",
            "use",
            "execute",
            "enter",
            "type",
            "you can run",
            "you can use",
            "just run",
            "simply run",
        ];
        let how = how.to_lowercase();
        // "use the `-a` argument" names what matters, and the command is but where it stands.
        return (runs.iter().any(|run| how.starts_with(run)) && !how.contains('`')).then(|| aim.to_owned());
    }
    for opening in [
        "Run the following command to ",
        "Use the following command to ",
        "Execute the following command to ",
    ] {
        if let Some(aim) = text.strip_prefix(opening) {
            return Some(aim.to_owned());
        }
    }
    // "Install the tool with:", "You can install the tool by running:"
    let ends = [
        " by running",
        " with",
        " using",
        " by running the following command",
        " using the following command",
        " with the following command",
        " by executing",
    ];
    let aim = ends.iter().find_map(|end| text.strip_suffix(end))?;
    let aim = aim.strip_prefix("You can ").or(aim.strip_prefix("Then ")).unwrap_or(aim);
    let verb = aim.split_whitespace().next()?;
    let verbs = "install create build start run deploy update remove list show check add generate enable apply \
        verify download initialize launch stop delete configure set fetch clone compile test open";
    let known = verbs.split_ascii_whitespace().any(|known| known == bare(verb));
    let mut chars = aim.chars();
    known.then(|| chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aims() {
        assert_eq!(aim_of("To update the tool, run:").as_deref(), Some("update the tool"));
        assert_eq!(aim_of("You can install the tool by running:").as_deref(), Some("install the tool"));
        assert_eq!(aim_of("The output looks like this:"), None);
        assert_eq!(aim_of("To update the tool, run it."), None);
    }

    #[test]
    fn commands() {
        assert_eq!(
            the_command("console", "$ cargo new --vcs none\nCreated\n").as_deref(),
            Some("cargo new --vcs none")
        );
        assert_eq!(the_command("sh", "cargo build\ncargo run\n"), None);
        assert_eq!(the_command("sh", "cargo new hello\n"), None);
        assert_eq!(the_command("rust", "let x = 1;"), None);
        assert_eq!(the_command("sh", "tool --name <name>\n"), None);
    }
}
