//! Prints what `cloze` asks of the documents in a file of JSON lines (`path`, `text`), plain or zstd.
//!
//! `cargo run -p rifflebox-generate --example ask -- ABOUT FILE [PATH-PART] [ONE-IN]`

use std::error::Error;
use std::io::{BufRead, BufReader, Read};

use rifflebox_core::{Content, Document, Fields, Generator, Key, Origin, Tier};
use rifflebox_generate::Cloze;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let about = arguments.next().ok_or("say whose documentation it is")?;
    let file = arguments.next().ok_or("name a file of JSON lines")?;
    let part = arguments.next().unwrap_or_default();
    let one_in: u64 = arguments.next().map_or(Ok(1), |number| number.parse())?;
    let bytes: Box<dyn Read> = match file.ends_with(".zst") {
        true => Box::new(zstd::Decoder::new(std::fs::File::open(&file)?)?),
        false => Box::new(std::fs::File::open(&file)?),
    };
    let cloze = Cloze::about(about);
    cloze.check()?;
    let (mut documents, mut questions) = (0, 0);
    for line in BufReader::new(bytes).lines() {
        let row: serde_json::Value = serde_json::from_str(&line?)?;
        let (id, text) = (row["path"].as_str().unwrap_or_default(), row["text"].as_str().unwrap_or_default());
        if !id.contains(&part) {
            continue;
        }
        documents += 1;
        let (source, origin, fields) = ("docs".to_owned(), Origin::default(), Fields::new());
        let (id, text) = (id.to_owned(), text.to_owned());
        let document = Document {
            source,
            id,
            text,
            tier: Tier::T0,
            license: None,
            origin,
            fields,
            redactions: Default::default(),
        };
        cloze.generate(&document, &mut |draft| {
            questions += 1;
            let Content::Completion { prompt, completion } = &draft.content else { return };
            if Key::of(prompt.as_bytes()).head64().is_multiple_of(one_in.max(1)) {
                let shape = draft.fields.get("shape").and_then(|value| value.as_text()).unwrap_or_default();
                println!("[{shape}] {}\nQ: {prompt}\nA: {completion}\n", document.id);
            }
        })?;
    }
    println!("{questions} questions of {documents} documents");
    Ok(())
}
