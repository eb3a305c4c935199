// How the vocabulary is laid out; read by the build script, too.

/// Slots of the hash table: a power of two, at most two fifths of them taken.
const SLOTS: usize = 1 << 19;

/// Returns the slot where the search for a token begins (FNV-1a, its high bits folded in).
fn slot_of(token: &[u8]) -> usize {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in token {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    ((hash ^ (hash >> 32)) as usize) % SLOTS
}
