//! SPDX expressions to the identifiers that the Hugging Face hub knows.

/// Identifiers of the hub, from its list of licences for dataset cards.
const KNOWN: &[&str] = &[
    "afl-3.0",
    "agpl-3.0",
    "apache-2.0",
    "artistic-2.0",
    "bsd",
    "bsd-2-clause",
    "bsd-3-clause",
    "bsd-3-clause-clear",
    "bsl-1.0",
    "cc",
    "cc-by-2.0",
    "cc-by-2.5",
    "cc-by-3.0",
    "cc-by-4.0",
    "cc-by-nc-2.0",
    "cc-by-nc-3.0",
    "cc-by-nc-4.0",
    "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-2.0",
    "cc-by-nc-sa-3.0",
    "cc-by-nc-sa-4.0",
    "cc-by-nd-4.0",
    "cc-by-sa-3.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
    "cdla-permissive-1.0",
    "cdla-permissive-2.0",
    "cdla-sharing-1.0",
    "ecl-2.0",
    "epl-1.0",
    "epl-2.0",
    "etalab-2.0",
    "eupl-1.1",
    "eupl-1.2",
    "fdl",
    "gfdl",
    "gpl",
    "gpl-2.0",
    "gpl-3.0",
    "isc",
    "lgpl",
    "lgpl-2.1",
    "lgpl-3.0",
    "lppl-1.3c",
    "mit",
    "mpl-2.0",
    "ms-pl",
    "ncsa",
    "odbl",
    "odc-by",
    "ofl-1.1",
    "osl-3.0",
    "pddl",
    "postgresql",
    "unlicense",
    "wtfpl",
    "zlib",
];

/// Returns the hub's identifiers for a licence; `other` for what it has no name for, `unknown` for none.
///
/// An expression such as `Apache-2.0 OR MIT` gives each of its licences.
pub(super) fn identifiers(license: &str) -> Vec<&'static str> {
    if license.trim().is_empty() {
        return vec!["unknown"];
    }
    let words = license.split(|c: char| c.is_whitespace() || c == '(' || c == ')');
    let names = words.filter(|word| !matches!(*word, "" | "AND" | "OR"));
    let mut found: Vec<_> = names.map(identifier).collect();
    found.sort_unstable();
    found.dedup();
    if found.contains(&"other") { vec!["other"] } else { found }
}

fn identifier(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    let name = name.trim_end_matches("-only").trim_end_matches("-or-later").trim_end_matches('+');
    let name = match name {
        "odc-by-1.0" => "odc-by",
        "odbl-1.0" => "odbl",
        "pddl-1.0" => "pddl",
        "gfdl-1.1" | "gfdl-1.2" | "gfdl-1.3" => "gfdl",
        name => name,
    };
    KNOWN.iter().copied().find(|known| *known == name).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_and_expressions() {
        assert_eq!(identifiers("CC-BY-4.0"), ["cc-by-4.0"]);
        assert_eq!(identifiers("(Apache-2.0 OR MIT)"), ["apache-2.0", "mit"]);
        assert_eq!(identifiers("GPL-3.0-or-later"), ["gpl-3.0"]);
        assert_eq!(identifiers("ODC-By-1.0"), ["odc-by"]);
        assert_eq!(identifiers(""), ["unknown"]);
        assert_eq!(identifiers("MIT AND House rules"), ["other"]);
    }
}
