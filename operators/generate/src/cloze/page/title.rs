//! What a page is called, and whether its title or its place make it one to ask of.

use crate::markdown::body_start;

/// Returns the title in the front matter, also where it goes on over several lines.
pub(super) fn front_title(text: &str) -> Option<String> {
    let mut lines = text[..body_start(text)].lines();
    let first = lines.find_map(|line| line.strip_prefix("title")?.trim_start().strip_prefix([':', '=']))?;
    let mut title = first.trim().trim_start_matches(['>', '|', '-']).trim().to_owned();
    for line in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        title.push(' ');
        title.push_str(line.trim());
    }
    Some(title.trim().trim_matches(['"', '\'']).trim().to_owned())
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
        let folder = folder.to_lowercase();
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
        workshop adopters journey proposal proposals blog governance maintainers lesson exercise exercises";
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
    ];
    let said = words(title);
    let joined = said.join(" ");
    said.iter().any(|word| single.split_ascii_whitespace().any(|known| known == word))
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

/// Puts the folders of a page before a title of one or two words: "Getting Started" alone names no page.
pub(super) fn with_folders(id: &str, title: String) -> String {
    let general = "content contents markdown md docs doc documentation src en pages site website public posts blog latest main";
    let folders = id.split('/').rev().skip(1).filter(|folder| {
        let known = general.split_ascii_whitespace().any(|known| known == *folder);
        let plain = folder.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let said = title.to_lowercase().replace(' ', "-");
        plain
            && !known
            && folder.chars().any(|c| c.is_ascii_lowercase())
            && *folder != said
            && !folder.starts_with('_')
    });
    if title.split_whitespace().count() > 2 {
        return title;
    }
    let mut parts: Vec<&str> = folders.take(2).collect();
    parts.reverse();
    parts.push(&title);
    parts.join(" > ")
}
