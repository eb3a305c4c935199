use rifflebox_core::{Key, Result};
use rifflebox_dataflow::{Data, Keyed, Reader, foundations};

use crate::state::open;
use crate::workspace::Workspace;

impl Workspace {
    /// Returns all rows of a keyed collection of the user's own, as the last build left it, each with how often it is
    /// there; empty before the first build.
    ///
    /// # Errors
    /// When the store fails, or a file is damaged.
    pub async fn keyed_rows<K: Data, V: Data>(&self, rows: &Keyed<K, V>) -> Result<Vec<(K, V, i64)>> {
        let (reader, name) = self.keyed_reader(rows).await?;
        Ok(reader.table::<K, V>(&name).all())
    }

    /// Returns the values of one key of a keyed collection of the user's own.
    ///
    /// # Errors
    /// As [`Workspace::keyed_rows`].
    pub async fn keyed_values<K: Data, V: Data>(&self, rows: &Keyed<K, V>, key: &K) -> Result<Vec<V>> {
        let (reader, name) = self.keyed_reader(rows).await?;
        let (key, _): (Key, _) = rifflebox_dataflow::encode(key, &());
        Ok(reader.table::<K, V>(&name).get(key))
    }

    async fn keyed_reader<K: Data, V: Data>(&self, rows: &Keyed<K, V>) -> Result<(Reader, String)> {
        let name = format!("{}/rows", rows.name());
        let mut kept =
            self.storage.newest().await?.map(|manifest| manifest.content.arrangements).unwrap_or_default();
        kept.retain(|arrangement, _| *arrangement == name);
        Ok((Reader::new(foundations(&open(&self.storage, &kept).await?)), name))
    }
}
