mod assigned;
mod block;
mod token;

use crate::text::Text;

/// Finds a secret: a token of a form that its maker documents, a private key in PEM, a password in a URL, or what is
/// assigned to a name that says that it is one, and looks drawn by lot.
pub(crate) fn secret(text: &Text<'_>, at: usize) -> Option<usize> {
    [token::find(text, at), block::find(text, at), assigned::find(text, at)].into_iter().flatten().max()
}
