//! A table of ranges of numbers, written once and then asked.
//!
//! One kind of table for codes, glyphs and objects: each kind of tree from the standard library
//! takes some kilobytes of a module that browsers load.

/// Ranges, each with something of its own; where two begin with the same number, the later counts.
#[derive(Clone, Debug)]
pub(crate) struct Ranges<T> {
    rows: Vec<Row>,
    values: Vec<T>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    from: u64,
    to: u64,
    /// Which of the values.
    value: usize,
}

impl<T> Default for Ranges<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), values: Vec::new() }
    }
}

impl<T> Ranges<T> {
    /// Adds a range, its ends included; it is found after [`Ranges::sort`].
    pub(crate) fn push(&mut self, from: u64, to: u64, value: T) {
        self.rows.push(Row { from, to, value: self.values.len() });
        self.values.push(value);
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Makes what was added ready to be found.
    pub(crate) fn sort(&mut self) {
        sort(&mut self.rows);
    }

    /// What the last range that begins at or before this number has, if it reaches it; and how far
    /// into the range the number is.
    pub(crate) fn get(&self, number: u64) -> Option<(u64, &T)> {
        let row = find(&self.rows, number)?;
        Some((number.saturating_sub(row.from), self.values.get(row.value)?))
    }

    /// The first number of each range, in order; those that begin alike occur more than once.
    pub(crate) fn starts(&self) -> impl Iterator<Item = u64> + '_ {
        self.rows.iter().map(|row| row.from)
    }
}

fn sort(rows: &mut [Row]) {
    rows.sort_unstable_by_key(|row| (row.from, row.value));
}

fn find(rows: &[Row], number: u64) -> Option<Row> {
    let after = rows.partition_point(|row| row.from <= number);
    rows.get(after.checked_sub(1)?).copied().filter(|row| number <= row.to)
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    #[test]
    fn the_later_of_two_ranges_that_begin_alike_counts_and_gaps_have_nothing() {
        let mut ranges = Ranges::default();
        for (from, to, value) in [(7, 9, 'c'), (1, 3, 'a'), (7, 8, 'd'), (5, 5, 'b')] {
            ranges.push(from, to, value);
        }
        ranges.sort();
        let found = (0..=10).map(|number| ranges.get(number).map(|(into, it)| (into, *it)));
        let found: Vec<_> = found.collect();
        let expected = [
            None,
            Some((0, 'a')),
            Some((1, 'a')),
            Some((2, 'a')),
            None,
            Some((0, 'b')),
            None,
            Some((0, 'd')),
            Some((1, 'd')),
            None,
            None,
        ];
        assert_eq!(found, expected);
        assert_eq!(ranges.len(), 4);
    }
}
