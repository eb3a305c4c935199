use rifflebox_core::{Identity, Key, Outcome, Row, Score, StageRow};
use rifflebox_dataflow::{Candidates, Keep, Purge, Purged, Scope};

/// Removes copies: of samples with equal content, the best-ranked one stays.
///
/// Equal means the same kind, and the same bytes in every column that is compared; a context never is. The rank is
/// tier, then quality score, then id, so a human original outlives its synthetic copy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exact;

impl Purge for Exact {
    fn identity(&self) -> Identity {
        Identity::new("exact", "1")
    }

    fn displaced(&self, scope: &mut Scope<'_>, candidates: &Candidates) -> Purged {
        let rows = candidates.rows(scope);
        let copies = scope.flat_map(rows, |_, row: Row, say| say(row.content, row));
        let copies = scope.arrange("copies", copies, Keep::Internal);
        let displaced = scope.reduce("displaced-copies", copies, |_: &Key, rows: Vec<(Row, i64)>, say| {
            let mut rows: Vec<Row> = rows.into_iter().map(|(row, _)| row).collect();
            rows.sort_by_key(Row::rank);
            let mut rows = rows.into_iter();
            let Some(best) = rows.next() else { return };
            for row in rows {
                let outcome =
                    Outcome::Displaced { by: best.id, by_route: best.route, similarity: Score::ONE };
                say(StageRow { row, outcome, verdict: None });
            }
        });
        let displaced = scope.flat_map(displaced.rows(), |_, said: StageRow, say| say(said.row.id, said));
        Purged { displaced, notes: None }
    }
}
