//! Measures scans of a glob, folder or URL: the first one, and one with nothing changed.

use std::collections::BTreeMap;
use std::time::Instant;

use rifflebox_core::{Error, ErrorKind, Result, Source};
use rifflebox_sources::Files;

fn main() -> Result<()> {
    let files = std::env::args().nth(1);
    let files =
        files.ok_or_else(|| Error::new(ErrorKind::Usage, "say which files: a glob, folder or URL"))?;
    let source = Files::matching(files).source("documents", std::path::Path::new("."))?;
    let mut kept = BTreeMap::new();
    for scan in ["first", "again", "again"] {
        let known = kept.clone().into_iter().collect();
        let (began, mut changes, mut rows) = (Instant::now(), Vec::new(), 0);
        source.changes(&known, &mut |file| {
            for row in file.rows.into_iter().flatten() {
                row?;
                rows += 1;
            }
            changes.push((file.path, file.record));
            Ok(())
        })?;
        println!("{scan}: {} changed files, {rows} rows, {:?}", changes.len(), began.elapsed());
        kept.extend(changes.into_iter().filter_map(|(path, record)| Some((path, record?))));
    }
    println!("{:?}", source.counts());
    Ok(())
}
