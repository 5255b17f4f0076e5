//! Finds every form of some secrets in a text, in all layers of escapes at once, in one pass whose steps and memory
//! grow with the text alone, whatever a service sends that knows what is looked for.

use std::collections::VecDeque;
use std::ops::Range;

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;

use super::forms::{Form, LAYERS, fold, is_line_break};
use super::marks::Marks;
use super::spelling::Layer;

/// A text is read in blocks, so that little of its layers is held at a time: some tens of bytes for each of a block.
pub(super) const BLOCK: usize = 16 * 1024;
/// Ranges of one layer that are remembered, so that none is marked twice where many overlap.
const MOST_RUNS: usize = 64;

/// Forms, ready to be looked for.
pub(super) struct Finder {
    forms: Vec<Form>,
    automaton: NFA,
    start: StateID,
    /// The bytes that a form can begin with: at any other, nothing begins.
    begins: Box<[bool; 256]>,
}

impl Finder {
    /// None if there are more forms than an automaton can be made of.
    pub(super) fn of(forms: Vec<Form>) -> Option<Self> {
        let automaton = NFA::builder().prefilter(false).build(forms.iter().map(|form| form.text.as_slice())).ok()?;
        let start = automaton.start_state(Anchored::No).ok()?;
        let begins = |byte: u8| forms.iter().any(|form| form.text.first() == Some(&fold(byte)));
        let mut table = Box::new([false; 256]);
        (0..=u8::MAX).zip(table.iter_mut()).for_each(|(byte, entry)| *entry = begins(byte));
        Some(Self { forms, automaton, start, begins: table })
    }

    /// Marks where a form stands.
    pub(super) fn find(&self, text: &[u8]) -> Marks {
        let mut marks = Marks::for_text(text.len());
        let mut layers: [Layer; LAYERS + 1] = Default::default();
        let mut watches: [Watch; LAYERS + 1] = std::array::from_fn(|_| Watch::new(self));
        for (number, block) in text.chunks(BLOCK).enumerate() {
            let at = number * BLOCK;
            let more = at + block.len() < text.len();
            let mut rising = layers.iter_mut().zip(&mut watches);
            let Some((mut layer, watch)) = rising.next() else { break };
            let waiting = layer.bytes.len();
            layer.add(block, at);
            watch.watch(layer, waiting, &mut marks);
            for (above, watch) in rising {
                let waiting = above.bytes.len();
                layer.rise(above, more);
                watch.watch(above, waiting, &mut marks);
                layer = above;
            }
            layer.forget(layer.bytes.len());
        }
        marks
    }
}

/// Looks for forms in one layer of a text, as it is read.
struct Watch<'a> {
    finder: &'a Finder,
    state: StateID,
    /// Where each of the last characters begins, and how many line breaks were before it; as many as the longest form
    /// has.
    trail: Vec<(usize, usize)>,
    /// Characters and line breaks that were read where a form may have begun.
    characters: usize,
    breaks: usize,
    /// What was marked last: ranges apart from each other, in order.
    runs: VecDeque<Range<usize>>,
}

impl<'a> Watch<'a> {
    fn new(finder: &'a Finder) -> Self {
        let trail = vec![(0, 0); finder.automaton.max_pattern_len().next_power_of_two()];
        Self { finder, state: finder.start, trail, characters: 0, breaks: 0, runs: VecDeque::new() }
    }

    /// Reads what a layer holds from a place on.
    fn watch(&mut self, layer: &Layer, from: usize, marks: &mut Marks) {
        let Finder { automaton, start, begins, .. } = self.finder;
        #[cfg(test)]
        {
            marks.work += (layer.bytes.len() - from) as u64;
        }
        for (place, byte) in layer.bytes.iter().copied().enumerate().skip(from) {
            if self.state == *start && begins.get(usize::from(byte)) == Some(&false) {
                continue;
            }
            if is_line_break(byte) {
                self.breaks += 1;
                continue;
            }
            let next = self.characters & (self.trail.len() - 1);
            if let Some(next) = self.trail.get_mut(next) {
                *next = (layer.start(place), self.breaks);
            }
            self.characters += 1;
            self.state = automaton.next_state(Anchored::No, self.state, fold(byte));
            if automaton.is_match(self.state) {
                self.found(layer.end(place), marks);
            }
        }
    }

    fn found(&mut self, end: usize, marks: &mut Marks) {
        let Finder { automaton, forms, .. } = self.finder;
        for index in 0..automaton.match_len(self.state) {
            let form = automaton.match_pattern(self.state, index);
            let first = self.characters.wrapping_sub(automaton.pattern_len(form)) & (self.trail.len() - 1);
            let Some((start, breaks)) = self.trail.get(first).copied() else { continue };
            if breaks == self.breaks || forms.get(form.as_usize()).is_some_and(|form| form.wraps) {
                self.mark(start..end, marks);
            }
        }
    }

    /// Marks a range, except what of it is marked already: a form that overlaps itself may end at every character.
    fn mark(&mut self, range: Range<usize>, marks: &mut Marks) {
        if let Some(last) = self.runs.back_mut()
            && (last.start..=last.end).contains(&range.start)
        {
            marks.mark(last.end..range.end);
            last.end = range.end;
            return;
        }
        let (mut start, mut unmarked) = (range.start, range.end);
        while let Some(last) = self.runs.pop_back() {
            if last.end < range.start {
                self.runs.push_back(last);
                break;
            }
            marks.mark(last.end..unmarked);
            unmarked = last.start;
            start = start.min(last.start);
        }
        marks.mark(range.start..unmarked);
        self.runs.push_back(start..range.end);
        if self.runs.len() > MOST_RUNS {
            self.runs.pop_front();
        }
    }
}
