//! Drafts of what models said.

use rifflebox_core::{Content, Draft, Reply};

/// Makes a draft of a model's words, with the name that the model gives itself as the field `said_by`.
pub(crate) fn by(reply: &Reply, content: Content) -> Draft {
    let mut draft = Draft::new(content);
    draft.fields.insert("said_by".to_owned(), reply.by.as_str().into());
    draft
}
