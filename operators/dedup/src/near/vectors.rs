//! Likeness of the vectors that a user's model made of the texts.

use rifflebox_core::{Key, Sample, Score, Value};

use super::banding::Banding;
use super::graph::{Found, Likeness, Sketch};
use super::meet::{Order, Shape};
use super::planes::Planes;

/// Unrelated vectors stand at a right angle: this share of their pairs may meet in vain.
const IN_VAIN: f64 = 0.001;

/// Bits of a signature's value: above a plane, or below it.
const BITS: u32 = 1;

/// Likeness by the cosine of two vectors' angle.
#[derive(Debug)]
pub(crate) struct Vectors {
    /// The field that holds the vector.
    field: String,
    banding: Banding,
    planes: Planes,
    threshold: f64,
}

impl Vectors {
    pub(crate) fn new(field: &str, threshold: f64, miss_rate: f64) -> Self {
        let same_side = 1.0 - threshold.acos() / std::f64::consts::PI;
        let banding = Banding::of(same_side, miss_rate, 0.5, IN_VAIN);
        Vectors { field: field.to_owned(), banding, planes: Planes::new(banding.values(BITS)), threshold }
    }

    /// Returns the sample's vector; none where the field is no list of numbers, or all of them are zero.
    fn vector(&self, sample: &Sample) -> Option<Vec<f32>> {
        let Some(Value::List(list)) = sample.fields.get(&self.field) else { return None };
        let number = |value: &Value| match value {
            Value::Float(number) => Some(*number as f32),
            Value::Int(number) => Some(*number as f32),
            _ => None,
        };
        let vector: Vec<f32> = list.iter().map(number).collect::<Option<_>>()?;
        let sound = vector.iter().all(|value| value.is_finite()) && vector.iter().any(|value| *value != 0.0);
        sound.then_some(vector)
    }
}

impl Likeness for Vectors {
    type Read = Sample;
    type Known = ();

    fn sketch(&self, _: Key, sample: &Sample) -> Option<Sketch> {
        let vector = self.vector(sample)?;
        Some(vector.into_iter().flat_map(f32::to_le_bytes).collect())
    }

    /// To read a vector costs nothing, and a sample's may change while its id stays.
    fn recall(&self, _: Key) -> Option<Sketch> {
        None
    }

    fn know(&self, _: Key) {}

    fn recall_both(&self, (): &(), (): &()) -> Option<Found> {
        None
    }

    fn bands(&self, _: Key, sample: &Sample, each: &mut dyn FnMut(Key, Order)) -> Option<Shape> {
        let vector = self.vector(sample)?;
        // Vectors of two models do not compare: another dimension is another kind.
        let kind = [vec![sample.content.kind() as u8], vector.len().to_le_bytes().to_vec()].concat();
        self.banding.each(&self.planes.sign(&vector), BITS, &kind, each);
        let numbers = vector.iter().fold(Key::builder("vector"), |key, n| key.number(n.to_bits().into()));
        // Any two vectors of one dimension may be alike, whatever their numbers.
        let size = u32::try_from(vector.len()).unwrap_or(u32::MAX);
        Some(Shape { size, version: numbers.finish().head64() })
    }

    fn similarity(&self, one: &[u8], two: &[u8]) -> Option<Score> {
        if one.len() != two.len() {
            return None;
        }
        let (mut dot, mut norm, mut other_norm) = (0.0f64, 0.0f64, 0.0f64);
        for (a, b) in numbers(one).zip(numbers(two)) {
            dot += a * b;
            norm += a * a;
            other_norm += b * b;
        }
        let cosine = dot / (norm * other_norm).sqrt();
        (cosine >= self.threshold).then(|| Score::new(cosine))
    }
}

fn numbers(sketch: &[u8]) -> impl Iterator<Item = f64> {
    sketch.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
}
