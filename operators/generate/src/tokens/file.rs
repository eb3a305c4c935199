//! `tokenizer.json -> tokens`: a tokenizer of one's own, counted as its own library does.

use std::path::Path;

use rifflebox_core::{Error, ErrorKind, Key, Result, Tokenizer};
use tokenizers::{Model, ModelWrapper};

/// A tokenizer as a file of the Hugging Face format describes it.
///
/// What the file says of inputs to a model is left out: tokens that stand around each text, padding and truncation.
/// Special tokens within a text count as plain text.
pub(super) struct TokenizerFile {
    name: String,
    digest: Key,
    inner: tokenizers::Tokenizer,
}

impl TokenizerFile {
    /// Reads and checks a file; the path is relative to `base_dir`.
    ///
    /// # Errors
    /// `Usage`, naming the file, when it cannot be read, is no tokenizer, or cannot count every text, always the same.
    pub(super) fn read(path: &str, base_dir: &Path) -> Result<Self> {
        let cure = "give the path of a tokenizer.json, relative to the flow file";
        let bytes = std::fs::read(base_dir.join(path)).map_err(|error| {
            usage(format!("the tokenizer file {path} cannot be read ({cure})")).with_source(error)
        })?;
        let mut inner = tokenizers::Tokenizer::from_bytes(&bytes).map_err(|error| {
            usage(format!("the file {path} is no tokenizer ({cure}, as Hugging Face's libraries save it)"))
                .with_source(error)
        })?;
        check(path, inner.get_model())?;
        inner.with_padding(None).with_truncation(None).expect("no truncation is always possible");
        inner.set_encode_special_tokens(true);
        let file_name = Path::new(path).file_name().map(|name| name.to_string_lossy());
        let name = format!("file:{}", file_name.expect("what was read has a name"));
        Ok(TokenizerFile { name, digest: Key::of(&bytes), inner })
    }
}

/// Refuses a model that draws lots, or has no token for what it does not know.
fn check(path: &str, model: &ModelWrapper) -> Result<()> {
    if let ModelWrapper::BPE(model) = model
        && model.dropout.is_some_and(|share| share > 0.0)
    {
        let cure = "set `dropout` of its `model` to null";
        return Err(usage(format!("the tokenizer file {path} counts at random: {cure}")));
    }
    if !counts_unknown(model) {
        let cure = "name a token of its vocabulary as the unknown token of its `model`";
        return Err(usage(format!("the tokenizer file {path} cannot count every text: {cure}")));
    }
    Ok(())
}

fn counts_unknown(model: &ModelWrapper) -> bool {
    match model {
        // Characters that such a model does not know are bytes, or this token, or nothing.
        ModelWrapper::BPE(bpe) => bpe.unk_token.as_ref().is_none_or(|token| bpe.token_to_id(token).is_some()),
        _ => {
            let mut private = ('\u{10_0000}'..).map(String::from);
            let unknown = private.find(|text| model.token_to_id(text).is_none());
            unknown.is_none_or(|text| model.tokenize(&text).is_ok())
        }
    }
}

fn usage(message: String) -> Error {
    Error::new(ErrorKind::Usage, message)
}

impl Tokenizer for TokenizerFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> Key {
        Key::builder("tokenizer").text(&self.name).key(self.digest).text("1").finish()
    }

    fn count(&self, text: &str) -> u64 {
        let encoding = self.inner.encode_fast(text, false);
        encoding.expect("the model has a token for what it does not know").len() as u64
    }
}

#[cfg(test)]
mod tests;
