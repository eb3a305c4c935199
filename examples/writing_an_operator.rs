//! The operator that docs/writing-an-operator.md builds: code blocks as questions and answers.

use rifflebox::{
    Content, Document, Draft, Exact, Files, Generator, Identity, Recipe, Span, Tier, Workspace, flow,
};
use serde::{Deserialize, Serialize};

/// Makes a completion of each code block: the sentence before it asks, the code answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Snippets {
    /// Bytes of code below which a block is passed over.
    min_bytes: usize,
}

impl Default for Snippets {
    fn default() -> Self {
        Snippets { min_bytes: 40 }
    }
}

impl Generator for Snippets {
    fn identity(&self) -> Identity {
        Identity::new("snippets", "1").with_settings(self)
    }

    fn synthetic(&self) -> bool {
        true
    }

    fn generate(&self, document: &Document, say: &mut dyn FnMut(Draft)) -> Result<(), String> {
        let mut rest = document.text.as_str();
        while let Some((before, fenced)) = rest.split_once("\n```") {
            let Some((info, after)) = fenced.split_once('\n') else { return Ok(()) };
            let Some((code, next)) = after.split_once("\n```") else {
                return Err(format!("the code block that begins ```{info} is never closed"));
            };
            let asks = before.trim_end().rsplit("\n\n").next().unwrap_or_default();
            if asks.ends_with(':') && code.len() >= self.min_bytes {
                let start = document.text.len() - after.len();
                say(draft(asks, code, start));
            }
            rest = next;
        }
        Ok(())
    }
}

fn draft(asks: &str, code: &str, start: usize) -> Draft {
    let (prompt, completion) = (asks.replace('\n', " "), code.to_owned());
    let span = Span { start: start as u64, end: (start + code.len()) as u64 };
    Draft { span: Some(span), ..Draft::new(Content::Completion { prompt, completion }) }
}

#[tokio::main]
async fn main() -> rifflebox::Result<()> {
    let flow = flow("snippets");
    let pages = Files::matching("examples/corpus/documents/**/*.md").tier(Tier::T0);
    let docs = flow.documents("docs", pages.source("docs", ".".as_ref())?);
    let human = docs.generate(rifflebox::Passages::default());
    let snippets = docs.generate(Snippets::default());
    human.concat(&snippets).dedup(Exact).mix(Recipe::default()).publish();

    let report = Workspace::open("file:target/snippets").await?.build(&flow).await?;
    println!("{report}");
    println!("{} documents with a block that is never closed", report.samples.failed);
    Ok(())
}
