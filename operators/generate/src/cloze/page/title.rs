//! What a page is called, and whether its title or its place make it one to ask of.

use crate::markdown::body_start;

/// Returns the title in the front matter, also where it goes on over several lines, or all keys are indented alike.
pub(super) fn front_title(text: &str) -> Option<String> {
    let mut lines = text[..body_start(text)].lines().skip(1);
    let mut keys = lines.clone().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
    let indent = keys.next().map_or(0, indent_of);
    let first = lines.find_map(|line| {
        let key = line.trim_start().strip_prefix("title").filter(|_| indent_of(line) == indent)?;
        key.trim_start().strip_prefix([':', '='])
    })?;
    let mut title = first.trim().trim_start_matches(['>', '|', '-']).trim().to_owned();
    for line in lines.take_while(|line| indent_of(line) > indent) {
        title.push(' ');
        title.push_str(line.trim());
    }
    Some(title.trim().trim_matches(['"', '\'']).trim().to_owned())
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Returns the words of a text, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Returns a title that can be named in a question.
pub(super) fn sound_title(title: &str) -> Option<String> {
    let title = title.trim().trim_end_matches('.').replace('’', "'").replace('`', "");
    let sound = (2..=120).contains(&title.chars().count())
        && !title.contains(['{', '<', '\n', '"', '|', '[', '\\'])
        && !title.starts_with('&')
        && title.chars().any(|c| c.is_ascii_alphabetic())
        && title.chars().all(|c| !c.is_alphabetic() || c.is_ascii());
    sound.then_some(title)
}

/// Returns whether a page is of a demo, for those who make the project, or its log of changes: what it names, nobody
/// else does, or does no more.
pub(super) fn is_local(id: &str) -> bool {
    let (folders, name) = id.rsplit_once('/').unwrap_or(("", id));
    let folders: Vec<&str> = folders.split('/').collect();
    let own = "demo demos example examples contributing contrib contribute proposals rfcs enhancements \
        developer-guide tutorial tutorials quick-start quickstart quickstarts walkthrough walkthroughs sample \
        samples release-notes releases changelog changelogs roadmap community announcements upgrade upgrades upgrading \
        blog blogs adopters case-studies design designs design-proposals";
    let own = |folder: &&str| {
        let folder = folder.to_lowercase().replace('_', "-");
        folder.starts_with("proposal") || own.split_ascii_whitespace().any(|known| known == folder)
    };
    let logs = [
        "changelog",
        "changes",
        "release-notes",
        "releases",
        "history",
        "news",
        "upgrade",
        "upgrading",
        "design",
    ];
    let name = name.to_lowercase();
    let site = folders.iter().position(|folder| *folder == "site");
    let stem = name.split('.').next().unwrap_or_default();
    folders.iter().any(own)
        || logs.contains(&stem)
        || is_lesson(&stem.replace(['-', '_'], " "))
        || site.is_some_and(|at| folders[..at].contains(&"content"))
}

/// Returns whether a title or heading is of a lesson, an example, a log of changes, or of those who make the project.
pub(super) fn is_lesson(title: &str) -> bool {
    let single = "tutorial tutorials quickstart quickstarts walkthrough walkthroughs example examples demo demos \
        sample samples scenario scenarios changelog roadmap contributing contribute contributors contributor \
        workshop adopters landscape journey proposal proposals blog governance maintainers lesson exercise exercises";
    let several = [
        "quick start",
        "getting started",
        "get started",
        "release notes",
        "hello world",
        "what s new",
        "code of conduct",
        "breaking changes",
        "upgrade notes",
        "case study",
        "try it",
        "next steps",
        "bug fixes",
        "document conventions",
        "third party",
        "style guide",
        "clean up",
        "cleanup",
        "tear down",
    ];
    let said = words(title);
    let joined = said.join(" ");
    let step = said.windows(2).any(|pair| pair[0] == "step" && pair[1].chars().all(|c| c.is_ascii_digit()));
    step || said.iter().any(|word| single.split_ascii_whitespace().any(|known| known == word))
        || several.iter().any(|phrase| format!(" {joined} ").contains(&format!(" {phrase} ")))
}

/// Returns whether a page tells what happened at a time: a month, a meeting, a release.
pub(super) fn is_news(title: &str) -> bool {
    let said = words(title);
    let holds = |list: &str| list.split_ascii_whitespace().any(|word| said.iter().any(|own| own == word));
    let year =
        said.iter().any(|word| word.len() == 4 && word.starts_with("20") && word.parse::<u16>().is_ok());
    let months = "january february march april may june july august september october november december";
    let version = title.split(' ').any(|word| {
        word.contains('.') && word.trim_start_matches('v').chars().all(|c| c.is_ascii_digit() || c == '.')
    });
    year && (holds(months) || holds("update updates recap survey roundup election retrospective"))
        || holds("kubecon cloudnativecon fosdem")
        || version && holds("announcing release released releases announcement")
}

/// Puts the folders of a page before its title: "Configuration" or "Settings of the agent" alone names no page, nor the
/// language or the product that it is of. A folder that the title or a nearer folder says again is left out.
pub(super) fn with_folders(id: &str, title: &str) -> String {
    let general = "content contents markdown md docs doc documentation src en pages site website public posts blog \
        latest main sources versioned unversioned stable next current book";
    let mut said = words(title);
    let mut parts = vec![title];
    for folder in id.split('/').rev().skip(1) {
        let known = general.split_ascii_whitespace().any(|known| known == folder.to_lowercase());
        let plain = folder.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let version = folder.chars().filter(char::is_ascii_alphabetic).count() < 2
            || folder.starts_with(|c: char| c.is_ascii_digit());
        let own = words(&folder.replace('_', "-"));
        let again = own.iter().all(|word| said.contains(word));
        if parts.len() > 2 || known || !plain || version || folder.starts_with('_') || again {
            continue;
        }
        said.extend(own);
        parts.push(folder);
    }
    parts.reverse();
    parts.join(" > ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_front_matter() {
        for text in [
            "---\ntitle: One\nx: y\n---\n# Two\n",
            "---\n  title: One\n  x: y\n---\n# Two\n",
            "+++\ntitle = \"One\"\n+++\n",
            "---\nmenu:\n  title: Three\ntitle: >\n  One\n---\n",
        ] {
            assert_eq!(front_title(text).as_deref(), Some("One"), "{text}");
        }
        assert_eq!(front_title("---\nmenu:\n  title: Three\n---\n"), None);
    }

    #[test]
    fn folders_that_say_more() {
        assert_eq!(
            with_folders("docs/dotnet/agent/run.md", "All its settings"),
            "dotnet > agent > All its settings"
        );
        assert_eq!(with_folders("docs/2.1/go-agent/run.md", "Run the Go agent"), "Run the Go agent");
        assert_eq!(
            with_folders("a/jobctl/jobctl_run/x.md", "jobctl run"),
            "a > jobctl run".replace("a > ", "")
        );
    }
}
