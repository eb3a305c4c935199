//! Prints the documents of a glob, folder or URL: `cargo run --example documents -- 'content/**/*.md'`.

use rifflebox_core::{Error, ErrorKind, Result, Source};
use rifflebox_sources::Files;

fn main() -> Result<()> {
    let files = std::env::args().nth(1);
    let files =
        files.ok_or_else(|| Error::new(ErrorKind::Usage, "say which files: a glob, folder or URL"))?;
    let source = Files::matching(files).source("documents", std::path::Path::new("."))?;
    source.changes(&Default::default(), &mut |file| {
        for row in file.rows.into_iter().flatten() {
            match row?.document {
                Ok(document) => {
                    println!("== {}\n{:?}\n{}", document.id, document.fields, document.text);
                }
                Err(reason) => println!("== broken: {reason}"),
            }
        }
        Ok(())
    })?;
    eprintln!("{:?}", source.counts());
    Ok(())
}
