//! What the page remembers while the program runs: the connection and the forms. It is in memory alone, and every
//! window of the browser shows the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use host::Connection;
use host::contract::Account;
use host::egress::Secrets;
use tokio::sync::Notify;

use super::forms::Values;
use super::held::{Held, Test};
use super::run::Failed;

/// What was typed and what came of it.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) connection: Option<Held>,
    /// The values of each form, by its place: `actions/KEY`, `triggers/KEY`.
    pub(super) forms: HashMap<String, Values>,
    /// How many connections there were, each as it was saved or forgotten.
    connections: u64,
}

impl Memory {
    /// Puts a connection, or none, in the place of the one that there was, which it gives. A test of that is given up.
    pub(super) fn put(&mut self, connection: Option<Held>) -> Option<Held> {
        self.connections += 1;
        let before = std::mem::replace(&mut self.connection, connection);
        if let Some(test) = before.as_ref().and_then(|before| before.testing.as_ref()) {
            test.cancel.notify_one();
        }
        before
    }

    /// Tells the connection that there is from any other that there was.
    pub(super) fn connections(&self) -> u64 {
        self.connections
    }

    /// The connection to make a call with, if there is one.
    pub(super) fn used(&self) -> Option<Used> {
        let held = self.connection.as_ref()?;
        Some(Used { connection: held.connection.clone(), number: self.connections, secrets: held.redactor().clone() })
    }

    /// The connection that there is, if it is still the one of this number: a call may outlast its connection, and says
    /// nothing of the one that took its place.
    fn still(&mut self, number: u64) -> Option<&mut Held> {
        self.connection.as_mut().filter(|_| number == self.connections)
    }

    /// Takes from a call with the connection of this number what it says of that: `failed` is none for one that
    /// succeeded.
    pub(super) fn heard(&mut self, number: u64, requests: u64, failed: Option<&Failed>) {
        let Some(held) = self.still(number) else { return };
        match failed {
            Some(failed) if failed.kind == REFUSED => {
                held.tested = Some(Err(failed.clone()));
                held.works = false;
            }
            // What asked the service for nothing says nothing of it.
            None if requests > 0 => {
                held.works = true;
                // Whatever was wrong is over.
                held.tested.take_if(|tested| tested.is_err());
            }
            _ => {}
        }
    }

    /// Notes that the connection is being tested from now on; none where there is none. A test that was under way is
    /// given up.
    pub(super) fn begin_test(&mut self) -> Option<(Used, Arc<Notify>)> {
        let used = self.used()?;
        let test = Test { since: Instant::now(), started: SystemTime::now(), cancel: Arc::default() };
        let cancel = test.cancel.clone();
        if let Some(before) = self.connection.as_mut()?.testing.replace(test) {
            before.cancel.notify_one();
        }
        Some((used, cancel))
    }

    /// Notes what the test of the connection of this number said; none of one that was given up.
    pub(super) fn end_test(&mut self, number: u64, cancel: &Arc<Notify>, said: Option<Result<Account, Failed>>) {
        let Some(held) = self.still(number) else { return };
        if held.testing.take_if(|test| Arc::ptr_eq(&test.cancel, cancel)).is_some() {
            held.works &= !matches!(said, Some(Err(_)));
            held.tested = said;
        }
    }

    /// The test that is under way.
    pub(super) fn testing(&self) -> Option<&Test> {
        self.connection.as_ref()?.testing.as_ref()
    }
}

/// A connection that a call is made with, which of all that there were it is, and what finds its secrets.
pub(super) struct Used {
    pub(super) connection: Connection,
    pub(super) number: u64,
    pub(super) secrets: Arc<Secrets>,
}

/// The kind of error that says that the service does not take the key.
pub(super) const REFUSED: &str = "unauthenticated";

#[cfg(test)]
mod tests {
    use host::contract::ConnectorDefinition;
    use serde_json::json;

    use super::*;
    use crate::variable::FromFile;

    fn memory() -> Memory {
        let input = |key: &str, kind: &str| json!({"key": key, "label": key, "kind": kind, "required": true, "help": "", "choices": []});
        let url = json!({"precedence": 1, "environments": []});
        let fields = [
            json!({"input": input("apiKey", "password"), "secret": true, "mayBeJwt": false, "endpoint": null}),
            json!({"input": input("url", "endpoint-url"), "secret": false, "mayBeJwt": false, "endpoint": url}),
        ];
        let connection = json!({"key": "k", "label": "K", "description": "", "fields": fields});
        let definition: ConnectorDefinition = serde_json::from_value(json!({
            "key": "c", "label": "C", "description": "", "version": "1.0.0", "connections": [connection],
            "actions": [], "dataSources": [], "triggers": [],
        }))
        .unwrap();
        let value = json!({"key": "k", "fields": {"apiKey": "canary-key-4711", "url": "https://plm.example"}});
        let mut memory = Memory::default();
        memory.put(Some(Held::from_file(&definition, FromFile { written: value.clone(), value }).unwrap()));
        memory
    }

    fn refused() -> Failed {
        Failed { kind: REFUSED, ..Failed::no_connection() }
    }

    fn state(memory: &Memory) -> (Option<&'static str>, bool) {
        let held = memory.connection.as_ref().unwrap();
        let failed = held.tested.as_ref().and_then(|tested| tested.as_ref().err());
        (failed.map(|failed| failed.kind), held.works)
    }

    #[test]
    fn a_call_that_succeeds_clears_whatever_a_test_or_a_call_said_and_one_that_sent_nothing_does_not() {
        let mut memory = memory();
        let now = memory.connections();
        for kind in ["transport", "service", REFUSED] {
            let (used, cancel) = memory.begin_test().unwrap();
            memory.end_test(used.number, &cancel, Some(Err(Failed { kind, ..Failed::no_connection() })));
            assert_eq!(state(&memory), (Some(kind), false));
            memory.heard(now, 0, None);
            assert_eq!(state(&memory), (Some(kind), false), "it sent nothing");
            memory.heard(now, 1, None);
            assert_eq!(state(&memory), (None, true));
        }
        memory.heard(now, 1, Some(&refused()));
        assert_eq!(state(&memory), (Some(REFUSED), false));
    }

    #[test]
    fn what_is_heard_of_a_connection_says_nothing_of_the_one_that_took_its_place() {
        let mut memory = memory();
        let (used, cancel) = memory.begin_test().unwrap();
        let before = memory.connections();
        let held = memory.put(None);
        memory.put(held);
        memory.heard(before, 1, Some(&refused()));
        memory.end_test(used.number, &cancel, Some(Err(refused())));
        assert_eq!(state(&memory), (None, false));
    }

    #[test]
    fn of_two_tests_the_later_one_counts() {
        let mut memory = memory();
        let (used, first) = memory.begin_test().unwrap();
        let (_, second) = memory.begin_test().unwrap();
        memory.end_test(used.number, &first, Some(Err(refused())));
        assert!(memory.testing().is_some() && state(&memory).0.is_none());
        memory.end_test(used.number, &second, None);
        assert!(memory.testing().is_none());
    }
}
