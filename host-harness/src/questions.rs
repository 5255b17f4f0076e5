//! The questions before something is changed that nobody has answered yet. An answer counts once, and for what was
//! shown alone: this action with these inputs, on the connection that there was.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Questions that wait; the oldest go. A window asks one.
const MOST_WAITING: usize = 64;

/// What a person is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The connection, by how many there were before it.
    connection: u64,
    /// The hash of the action and its inputs.
    call: [u8; 32],
}

impl Asked {
    pub(crate) fn of(connection: u64, action: &str, inputs: &Value) -> Self {
        let mut hash = Sha256::new();
        hash.update((action.len() as u64).to_le_bytes());
        hash.update(action.as_bytes());
        hash.update(inputs.to_string().as_bytes());
        Self { connection, call: hash.finalize().into() }
    }
}

/// The questions that wait, each under its number.
#[derive(Default)]
pub(crate) struct Questions {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    last: u64,
    asked: VecDeque<(u64, Asked)>,
}

impl Questions {
    /// Puts a question, and gives its number.
    pub(crate) fn ask(&self, asked: Asked) -> u64 {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last += 1;
        let number = waiting.last;
        waiting.asked.push_back((number, asked));
        while waiting.asked.len() > MOST_WAITING {
            waiting.asked.pop_front();
        }
        number
    }

    /// Takes an answer; whether the question was about just this.
    pub(crate) fn answer(&self, number: u64, now: &Asked) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = waiting.asked.iter().position(|(known, _)| *known == number) else { return false };
        waiting.asked.remove(place).is_some_and(|(_, asked)| asked == *now)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_counts_once_and_for_what_was_asked_alone() {
        let asked = Asked::of(1, "a", &json!({"x": "1"}));
        let others = [
            Asked::of(2, "a", &json!({"x": "1"})),
            Asked::of(1, "b", &json!({"x": "1"})),
            Asked::of(1, "a", &json!({"x": "2"})),
        ];
        let questions = Questions::default();
        for other in others {
            let number = questions.ask(asked);
            assert!(!questions.answer(number, &other), "{other:?}");
            // Whoever was wrong once is asked anew.
            assert!(!questions.answer(number, &asked));
        }
        let number = questions.ask(asked);
        assert!(!questions.answer(number + 1, &asked));
        assert!(questions.answer(number, &asked));
        assert!(!questions.answer(number, &asked));
    }

    #[test]
    fn questions_that_nobody_answers_are_let_go_of() {
        let questions = Questions::default();
        let asked = Asked::of(1, "a", &json!({}));
        let first = questions.ask(asked);
        let last = (0..MOST_WAITING).map(|_| questions.ask(asked)).last().unwrap();
        assert!(!questions.answer(first, &asked) && questions.answer(last, &asked));
    }
}
