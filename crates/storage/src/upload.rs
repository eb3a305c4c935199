use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use rifflebox_core::{Error, ErrorKind, Result};

use crate::ipc;
use crate::manifest::{ObjectName, Part, Run};
use crate::run::RunColumns;
use crate::workspace::Workspace;

/// Bytes of columns that one object holds at most, unless a single key has more.
const FULL: usize = 16 << 20;
/// Bytes below which a part shares its object with others.
const TINY: usize = 1 << 20;
/// Objects that are written at the same time.
const CONCURRENT: usize = 4;

/// Writes the runs of one process, all named by the manifest that it opened.
#[derive(Clone, Debug)]
pub struct Upload {
    workspace: Workspace,
    base: u64,
}

/// A new run of an arrangement, not yet written.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The arrangement's name.
    pub name: String,
    /// Whether it lies inside a loop: all its columns have rounds, or none has.
    pub looped: bool,
    /// The run in pieces, in order of key; no two hold the same key.
    pub pieces: Vec<RunColumns>,
}

/// A piece no larger than an object may be, and where its part is to stand: (run, place in the run).
struct Cut {
    place: (usize, usize),
    run: RunColumns,
}

impl Workspace {
    /// Begins to write runs; `base` is the number of the manifest that this process opened, 0 for none.
    pub fn upload(&self, base: u64) -> Upload {
        Upload { workspace: self.clone(), base }
    }
}

impl Upload {
    /// Writes runs, each cut by key into parts of at most 16 MiB; small parts share objects.
    ///
    /// Returns them in the order in which they came; a run without rows has no parts. Until a manifest names them, the
    /// objects are nobody's.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the columns are not what [`RunColumns`] promises; or when the store fails.
    pub async fn write_runs(&self, runs: Vec<NewRun>) -> Result<Vec<Run>> {
        self.workspace.writable()?;
        let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
        let objects = group(runs)?;
        let written: Vec<Vec<((usize, usize), Part)>> = futures::stream::iter(objects)
            .map(|cuts| self.write_object(cuts))
            .buffered(CONCURRENT)
            .try_collect()
            .await?;
        let mut parts: Vec<_> = written.into_iter().flatten().collect();
        parts.sort_by_key(|(place, _)| *place);
        let mut runs = vec![Run::default(); names.len()];
        for ((run, _), part) in parts {
            if runs[run].parts.last().is_some_and(|before| before.last >= part.first) {
                return Err(internal(&names[run], "has pieces that are not in order of key"));
            }
            runs[run].parts.push(part);
        }
        Ok(runs)
    }

    async fn write_object(&self, cuts: Vec<Cut>) -> Result<Vec<((usize, usize), Part)>> {
        let (places, runs): (Vec<_>, Vec<_>) = cuts.into_iter().map(|cut| (cut.place, cut.run)).unzip();
        let encoded = ipc::encode(&runs).map_err(|why| internal("a run", &why))?;
        let bytes = Bytes::from(encoded);
        let digest = blake3::hash(&bytes).to_hex().to_string();
        let object = ObjectName { base: self.base, digest };
        self.workspace.access().put(&object.path(), bytes.clone()).await?;
        self.workspace.cache().admit(&object, &bytes);
        let parts =
            runs.iter().zip(places).zip(0..).map(|((run, place), batch)| {
                (place, Part::of(object.clone(), batch, bytes.len() as u64, run))
            });
        Ok(parts.collect())
    }
}

/// Cuts runs into parts, and says which share an object.
fn group(runs: Vec<NewRun>) -> Result<Vec<Vec<Cut>>> {
    let mut objects = Vec::new();
    // One pack of those outside loops, one of those inside.
    let mut packs: [Vec<Cut>; 2] = Default::default();
    let mut packed = [0; 2];
    for (number, run) in runs.into_iter().enumerate() {
        let mut cuts = Vec::new();
        for piece in run.pieces.iter().filter(|piece| piece.key_count() > 0) {
            if piece.rounds.is_some() != run.looped {
                return Err(internal(&run.name, "has rounds outside a loop, or none inside one"));
            }
            piece.packed().validate().map_err(|why| internal(&run.name, &why))?;
            cut(piece, FULL, &mut cuts);
        }
        for (place, run_part) in cuts.into_iter().enumerate() {
            let (shape, size) = (usize::from(run.looped), run_part.byte_count());
            let cut = Cut { place: (number, place), run: run_part };
            if size >= TINY {
                objects.push(vec![cut]);
                continue;
            }
            if packed[shape] + size > FULL {
                objects.push(std::mem::take(&mut packs[shape]));
                packed[shape] = 0;
            }
            packed[shape] += size;
            packs[shape].push(cut);
        }
    }
    objects.extend(packs.into_iter().filter(|pack| !pack.is_empty()));
    Ok(objects)
}

/// Halves a run by key until no half is over the limit, or a single key is left.
fn cut(run: &RunColumns, limit: usize, into: &mut Vec<RunColumns>) {
    let keys = run.key_count();
    if run.byte_count() <= limit || keys == 1 {
        into.push(run.clone());
        return;
    }
    cut(&run.slice(0..keys / 2), limit, into);
    cut(&run.slice(keys / 2..keys), limit, into);
}

fn internal(name: &str, why: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("cannot write arrangement {name}: it {why}"))
}

#[cfg(test)]
mod tests;
