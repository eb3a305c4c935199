use std::sync::Arc;

use super::{Compression, Rows};
use crate::content::Content;
use crate::row::RowMaker;

/// Returns the rows of a table.
pub(crate) fn rows(maker: Arc<RowMaker>, path: String, _compression: Compression, _content: Content) -> Rows {
    Box::new(std::iter::once(Ok(maker.broken(&path, None, "is not read yet"))))
}
