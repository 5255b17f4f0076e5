//! What a call that is under way has come to, in words, so that waiting can be seen: on the page and at a terminal.

use std::time::{Duration, Instant};

use host::Step;
use operator::values::shown_size;

/// A call as far as its steps tell.
#[derive(Default)]
pub(crate) struct UnderWay {
    last: Option<(Instant, Step)>,
    /// Requests that are answered, and the bytes of their answers.
    answered: Option<(u64, u64)>,
    /// Answers that were pages of a list, and the records in them.
    read: Option<(u64, u64)>,
}

impl UnderWay {
    /// Takes note of a step.
    pub(crate) fn hear(&mut self, step: &Step) {
        if let Step::Answered { requests, received_bytes, records } = *step {
            self.answered = Some((requests, received_bytes));
            if let Some(records) = records {
                let (pages, before) = self.read.unwrap_or_default();
                self.read = Some((pages + 1, before.saturating_add(records)));
            }
        }
        self.last = Some((Instant::now(), *step));
    }

    /// What to say of the call now; nothing before its first request.
    pub(crate) fn said(&self) -> String {
        let now = self.last.and_then(|(at, step)| now(&step, at.elapsed()));
        let done = self.answered.map(|(requests, bytes)| done(requests, self.read, &shown_size(bytes)));
        [now, done].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// What has come so far: in pages and records, where the answers were such.
fn done(requests: u64, read: Option<(u64, u64)>, size: &str) -> String {
    match read {
        Some((page, 1)) => format!("Page {page} is read: 1 record so far, {size} received."),
        Some((page, records)) => format!("Page {page} is read: {records} records so far, {size} received."),
        None if requests == 1 => format!("1 request is answered, {size} received."),
        None => format!("{requests} requests are answered, {size} received."),
    }
}

/// What is waited for; none where an answer has come.
fn now(step: &Step, ago: Duration) -> Option<String> {
    match *step {
        Step::Sends { request, attempt: 1 } => {
            Some(format!("Waiting for the answer to request {request}, for {} s so far.", ago.as_secs()))
        }
        Step::Sends { request, attempt } => {
            Some(format!("Request {request} was sent again (attempt {attempt}), {} s ago.", ago.as_secs()))
        }
        Step::Waits { request, attempt, most_attempts, pause, status } => {
            let left = pause.saturating_sub(ago).as_secs_f64().ceil();
            let why = match status {
                Some(429) => "the service asks for a pause (HTTP 429)".to_owned(),
                Some(status) => format!("the service answered with HTTP {status}"),
                None => "there was no answer".to_owned(),
            };
            // The time first: a narrow terminal cuts the end.
            Some(format!("Request {request} is sent again in {left} s; attempt {attempt} of {most_attempts}: {why}."))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_counts_down_and_says_why() {
        let step =
            Step::Waits { request: 2, attempt: 1, most_attempts: 4, pause: Duration::from_secs(5), status: Some(429) };
        let text = now(&step, Duration::from_millis(1500)).unwrap();
        assert!(text.contains("attempt 1 of 4") && text.contains("HTTP 429") && text.contains("in 4 s"), "{text}");
        assert!(now(&step, Duration::from_secs(9)).unwrap().contains("in 0 s"));
    }

    #[test]
    fn what_was_answered_is_said_while_the_next_answer_is_waited_for() {
        let mut call = UnderWay::default();
        assert_eq!(call.said(), "");
        call.hear(&Step::Sends { request: 1, attempt: 1 });
        assert_eq!(call.said(), "Waiting for the answer to request 1, for 0 s so far.");
        let answered = |requests, received_bytes, records| Step::Answered { requests, received_bytes, records };
        call.hear(&answered(1, 1536, None));
        assert_eq!(call.said(), "1 request is answered, 1.5 KiB received.");
        call.hear(&Step::Sends { request: 2, attempt: 2 });
        let said = "Request 2 was sent again (attempt 2), 0 s ago. 1 request is answered, 1.5 KiB received.";
        assert_eq!(call.said(), said);
        // From the first page on it is told in pages, whatever was asked before.
        call.hear(&answered(2, 2048, Some(1)));
        assert_eq!(call.said(), "Page 1 is read: 1 record so far, 2 KiB received.");
        call.hear(&answered(3, 4096, Some(100)));
        assert_eq!(call.said(), "Page 2 is read: 101 records so far, 4 KiB received.");
        call.hear(&answered(4, 4096, Some(u64::MAX)));
        assert!(call.said().starts_with("Page 3 is read: "));
    }
}
