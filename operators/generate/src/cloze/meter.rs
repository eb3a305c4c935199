//! What a page costs, counted where a test asks for it; elsewhere nothing is counted.

/// Work that a page has cost.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// Blocks, marks, entries and places that were looked at.
    pub(super) looked_at: usize,
    /// Bytes of text that were read word by word.
    pub(super) read: usize,
}

#[cfg(test)]
thread_local! {
    static SPENT: std::cell::Cell<Cost> = const { std::cell::Cell::new(Cost { looked_at: 0, read: 0 }) };
}

/// Notes that so many blocks, marks, entries or places are looked at.
#[inline]
pub(super) fn look_at(count: usize) {
    #[cfg(test)]
    SPENT.with(|spent| spent.set(Cost { looked_at: spent.get().looked_at + count, ..spent.get() }));
    #[cfg(not(test))]
    let _ = count;
}

/// Notes that so many bytes of text are read.
#[inline]
pub(super) fn read(bytes: usize) {
    #[cfg(test)]
    SPENT.with(|spent| spent.set(Cost { read: spent.get().read + bytes, ..spent.get() }));
    #[cfg(not(test))]
    let _ = bytes;
}

/// Returns the work that a deed costs.
#[cfg(test)]
pub(super) fn cost(deed: impl FnOnce()) -> Cost {
    SPENT.with(|spent| spent.set(Cost::default()));
    deed();
    SPENT.with(std::cell::Cell::get)
}
