//! Pages of lists, newest first (spec conventions, "Bodies").

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageQuery {
    /// Only rows before this sequence number; from the newest if absent.
    pub before: Option<i64>,
    /// At most so many rows, 1 to 200.
    pub limit: u32,
}

impl PageQuery {
    /// The newest row alone: whether there is any.
    pub const ONE: Self = Self { before: None, limit: 1 };
}

/// A page and where the next one starts.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, newest first.
    pub items: Vec<T>,
    /// The sequence number to continue before; absent on the last page.
    pub next: Option<i64>,
}

impl<T> Page<T> {
    /// Makes a page of rows that were fetched with one more than the limit.
    pub fn from_overfetch(mut items: Vec<T>, limit: u32, seq: impl Fn(&T) -> i64) -> Self {
        let limit = limit as usize;
        let next = (items.len() > limit).then(|| {
            items.truncate(limit);
            items.last().map(seq)
        });
        Self { items, next: next.flatten() }
    }

    /// The same page of other things.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}
