use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// Where a source's files lie, and which of them it takes.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// The fixed prefix, from which paths count.
    pub(crate) root: Root,
    /// Which paths below the root are taken.
    pub(crate) select: Select,
}

/// The fixed prefix of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// A local folder; or a file, where the pattern has no wildcard.
    Folder(PathBuf),
    /// A prefix of an object store: the store's URL, and the path in it without slashes at its ends.
    Objects { store: String, prefix: String },
}

/// Which paths below a root are taken.
#[derive(Clone, Debug)]
pub(crate) enum Select {
    /// The pattern has no wildcard: the root alone if it is a file, all below it if it is a folder.
    Root,
    /// Those that match.
    Glob {
        /// Matches paths relative to the root.
        matcher: GlobMatcher,
        /// How many segments a path can have, where that is bounded.
        depth: Option<usize>,
        /// Whether folders whose name starts with a dot are entered.
        hidden: bool,
    },
}

impl Pattern {
    /// Reads a pattern; a relative one starts at `base_dir`. An error says what is wrong with it.
    pub(crate) fn parse(files: &str, base_dir: &Path) -> Result<Self, String> {
        if files.trim().is_empty() {
            return Err("names no file".to_owned());
        }
        let (store, path) = split_url(files)?;
        let (fixed, rest) = split_fixed(path);
        let select = if rest.is_empty() { Select::Root } else { select(&rest)? };
        let root = match store {
            Some(store) => Root::Objects { store, prefix: fixed.trim_matches('/').to_owned() },
            None => Root::Folder(base_dir.join(fixed)),
        };
        Ok(Pattern { root, select })
    }
}

impl Select {
    /// Returns whether a path below a folder is taken, hidden folders aside.
    pub(crate) fn takes(&self, relative: &Path) -> bool {
        match self {
            Select::Root => true,
            Select::Glob { matcher, .. } => matcher.is_match(relative),
        }
    }

    /// Returns how many segments a path can have, where that is bounded.
    pub(crate) fn depth(&self) -> Option<usize> {
        match self {
            Select::Root => None,
            Select::Glob { depth, .. } => *depth,
        }
    }

    /// Returns whether a folder of this name is entered.
    pub(crate) fn enters(&self, name: &[u8]) -> bool {
        let hidden = matches!(self, Select::Glob { hidden: true, .. });
        hidden || !name.starts_with(b".")
    }
}

/// Splits `scheme://store/path` into store and path; a local path, also after `file:`, has no store.
fn split_url(files: &str) -> Result<(Option<String>, &str), String> {
    let Some((scheme, rest)) = files.split_once(':') else { return Ok((None, files)) };
    let is_scheme =
        scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !is_scheme {
        return Ok((None, files));
    }
    match (scheme, rest.strip_prefix("//")) {
        ("file", None) => Ok((None, rest)),
        ("file", Some(path)) if path.starts_with('/') => Ok((None, path)),
        ("file", Some(_)) => Err("a file URL with `//` needs an absolute path: `file:///…`".to_owned()),
        ("memory", None) => {
            let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
            Ok((Some(format!("memory:{name}")), path))
        }
        ("s3", Some(rest)) => {
            let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
            match bucket.is_empty() {
                true => Err("names no bucket: `s3://bucket/prefix`".to_owned()),
                false => Ok((Some(format!("s3://{bucket}")), path)),
            }
        }
        (_, None) => Ok((None, files)),
        (other, Some(_)) => Err(format!("unknown kind of URL `{other}`: `s3` and `file` are known")),
    }
}

/// Splits a path before the first segment that has a wildcard or an escape.
fn split_fixed(path: &str) -> (String, String) {
    let absolute = if path.starts_with('/') { "/" } else { "" };
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty() && *s != ".").collect();
    let wild = segments.iter().position(|s| s.contains(['*', '?', '[', '{', '\\'])).unwrap_or(segments.len());
    (format!("{absolute}{}", segments[..wild].join("/")), segments[wild..].join("/"))
}

fn select(rest: &str) -> Result<Select, String> {
    if rest.split('/').any(|segment| segment == "..") {
        return Err("`..` cannot follow a wildcard".to_owned());
    }
    let glob = GlobBuilder::new(rest).literal_separator(true).empty_alternates(true).build();
    let glob = glob.map_err(|error| error.kind().to_string())?;
    let bounded = !rest.contains("**") && !rest.contains('{');
    Ok(Select::Glob {
        matcher: glob.compile_matcher(),
        depth: bounded.then(|| rest.split('/').count()),
        hidden: rest.split('/').any(|segment| segment.starts_with('.')),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(files: &str) -> Pattern {
        Pattern::parse(files, Path::new("/flow")).unwrap()
    }

    #[test]
    fn the_fixed_prefix_ends_before_the_first_wildcard() {
        for (files, root) in [
            ("content/**/*.md", "/flow/content"),
            ("./content/en/guide-*/x.md", "/flow/content/en"),
            ("*.md", "/flow"),
            ("../docs/[a-z]*", "/flow/../docs"),
            ("/abs/x/{a,b}/*", "/abs/x"),
            ("file:./data/**", "/flow/data"),
            ("file:///data/**", "/data"),
            ("data/rows.jsonl", "/flow/data/rows.jsonl"),
            ("C:/odd/*", "/flow/C:/odd"),
        ] {
            assert_eq!(parse(files).root, Root::Folder(root.into()), "{files}");
        }
    }

    #[test]
    fn urls_name_a_store_and_a_prefix() {
        let objects =
            |store: &str, prefix: &str| Root::Objects { store: store.into(), prefix: prefix.into() };
        assert_eq!(parse("s3://bucket/a/b/**/*.md").root, objects("s3://bucket", "a/b"));
        assert_eq!(parse("s3://bucket").root, objects("s3://bucket", ""));
        assert_eq!(parse("memory:box/a/*.md").root, objects("memory:box", "a"));
    }

    #[test]
    fn wildcards_stop_at_slashes_but_two_stars_do_not() {
        let takes = |files: &str, path: &str| parse(files).select.takes(Path::new(path));
        assert!(takes("a/**/*.md", "x.md") && takes("a/**/*.md", "b/c/x.md"));
        assert!(takes("a/*.md", "x.md") && !takes("a/*.md", "b/x.md"));
        assert!(
            takes("a/*.{md,html}", "x.html") && takes("a/[xy].md", "y.md") && !takes("a/[xy].md", "z.md")
        );
        assert_eq!(parse("a/*/*.md").select.depth(), Some(2));
        assert_eq!(parse("a/**/*.md").select.depth(), None);
    }

    #[test]
    fn hidden_folders_are_entered_only_if_named() {
        assert!(!parse("**/*.md").select.enters(b".git"));
        assert!(parse("**/.notes/*.md").select.enters(b".notes"));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let wrong = |files: &str| Pattern::parse(files, Path::new("/flow")).unwrap_err();
        assert_eq!(wrong(" "), "names no file");
        assert_eq!(wrong("gs://bucket/x"), "unknown kind of URL `gs`: `s3` and `file` are known");
        assert_eq!(wrong("file://data"), "a file URL with `//` needs an absolute path: `file:///…`");
        assert_eq!(wrong("s3:///x"), "names no bucket: `s3://bucket/prefix`");
        assert_eq!(wrong("*/../x"), "`..` cannot follow a wildcard");
    }
}
