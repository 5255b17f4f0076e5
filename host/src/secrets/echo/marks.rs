//! Which bytes of a text are to go, a bit for each: however many places there are, they take an eighth of the text.

use std::ops::Range;

const BITS: usize = u64::BITS as usize;

pub(super) struct Marks {
    words: Vec<u64>,
    length: usize,
    /// What was done so far: bytes that were read, and words that were written to.
    #[cfg(test)]
    pub(super) work: u64,
}

impl Marks {
    /// For a text of so many bytes.
    pub(super) fn for_text(length: usize) -> Self {
        Self {
            words: vec![0; length.div_ceil(BITS)],
            length,
            #[cfg(test)]
            work: 0,
        }
    }

    /// Marks a range; none if it is empty or the wrong way round.
    pub(super) fn mark(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let (first, last) = (range.start / BITS, (range.end - 1) / BITS);
        for (index, word) in self.words.iter_mut().enumerate().take(last + 1).skip(first) {
            let from = range.start.max(index * BITS) - index * BITS;
            let to = range.end.min((index + 1) * BITS) - index * BITS;
            *word |= (u64::MAX >> (BITS - (to - from))) << from;
            #[cfg(test)]
            {
                self.work += 1;
            }
        }
    }

    /// The ranges that are marked, in order and apart from each other.
    pub(super) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = self.next(at, true)?;
            let end = self.next(start, false).unwrap_or(self.length);
            at = end;
            Some(start..end)
        })
    }

    /// The next byte that is marked, or that is not.
    fn next(&self, from: usize, marked: bool) -> Option<usize> {
        let flip = if marked { 0 } else { u64::MAX };
        let mut skipped = from % BITS;
        for (index, word) in self.words.iter().enumerate().skip(from / BITS) {
            let rest = ((word ^ flip) >> skipped) << skipped;
            if rest != 0 {
                let found = index * BITS + rest.trailing_zeros() as usize;
                return Some(found).filter(|found| *found < self.length);
            }
            skipped = 0;
        }
        None
    }

    /// Puts `instead` in the place of each range of the text. Takes no memory where the text does not grow, and what is
    /// needed where it does.
    pub(super) fn replace(&self, text: &mut Vec<u8>, instead: &[u8]) {
        let (mut grows, mut length) = (false, text.len());
        for range in self.ranges() {
            grows |= range.len() < instead.len();
            length = length - range.len() + instead.len();
        }
        if grows {
            let mut clean = Vec::with_capacity(length);
            let mut from = 0;
            for range in self.ranges() {
                clean.extend_from_slice(text.get(from..range.start).unwrap_or_default());
                clean.extend_from_slice(instead);
                from = range.end;
            }
            clean.extend_from_slice(text.get(from..).unwrap_or_default());
            *text = clean;
            return;
        }
        // Each range has room for what comes instead, so that what has not been read yet is not written over.
        let (mut from, mut to) = (0, 0);
        for range in self.ranges() {
            text.copy_within(from..range.start, to);
            to += range.start - from;
            if let Some(place) = text.get_mut(to..to + instead.len()) {
                place.copy_from_slice(instead);
            }
            to += instead.len();
            from = range.end;
        }
        text.copy_within(from.., to);
        text.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_marked_is_replaced_and_nothing_else(
            text in proptest::collection::vec(any::<u8>(), 0..300),
            ranges in proptest::collection::vec((0..300_usize, 0..80_usize), 0..8),
        ) {
            let mut marks = Marks::for_text(text.len());
            let mut is_marked = vec![false; text.len()];
            for (start, length) in ranges {
                let range = start.min(text.len())..(start + length).min(text.len());
                is_marked[range.clone()].fill(true);
                marks.mark(range);
            }
            for instead in [&b""[..], b"-", b"[redacted]"] {
                let mut expected = Vec::new();
                for (place, byte) in text.iter().enumerate() {
                    match (is_marked[place], place > 0 && is_marked[place - 1]) {
                        (false, _) => expected.push(*byte),
                        (true, false) => expected.extend_from_slice(instead),
                        (true, true) => {}
                    }
                }
                let mut clean = text.clone();
                marks.replace(&mut clean, instead);
                prop_assert_eq!(&clean, &expected);
            }
        }
    }
}
