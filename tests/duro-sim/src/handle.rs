//! The handle that a test holds on a running service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::builder::DuroSimBuilder;
use crate::changes::{RecordView, Resource};
use crate::clock::Clock;
use crate::cursor::CursorKind;
use crate::faults::Fault;
use crate::request::ReceivedRequest;
use crate::schema::inputs::LibraryType;
use crate::service::Service;

/// A running service on 127.0.0.1. It has a thread of its own, so it answers whatever the test's thread does, and it
/// stops when this value is dropped.
pub struct DuroSim {
    pub(crate) address: SocketAddr,
    pub(crate) service: Arc<Service>,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) thread: Option<JoinHandle<()>>,
}

impl DuroSim {
    /// Starts from the defaults.
    pub fn builder() -> DuroSimBuilder {
        DuroSimBuilder::default()
    }

    /// `http://127.0.0.1:PORT/graphql`.
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A key that the service takes: the first one accepted.
    pub fn key(&self) -> String {
        self.service.settings().keys.first().cloned().unwrap_or_default()
    }

    /// Takes this key too from now on.
    pub fn accept_key(&self, key: &str) {
        self.service.settings().keys.push(key.to_owned());
    }

    /// Takes this key too from now on, whose owner is of another company. It sees the same records.
    pub fn accept_key_of_another_company(&self, key: &str) {
        let company = self.service.world().another_company();
        self.service.settings().keys_of_others.push((key.to_owned(), company));
    }

    /// Takes this key no more.
    pub fn revoke_key(&self, key: &str) {
        let mut settings = self.service.settings();
        settings.keys.retain(|known| known != key);
        settings.keys_of_others.retain(|(known, _)| known != key);
    }

    /// Shows this, whatever it is, as the `lastModified` of a record, which keeps its place in the lists; with none,
    /// shows the true one again.
    pub fn show_last_modified(&self, id: &str, shown: Option<Value>) {
        self.service.show_last_modified(id, shown);
    }

    /// The most records that a page holds, whatever `first` says; at least 1.
    pub fn set_page_size(&self, page_size: usize) {
        self.service.settings().page_size = page_size.max(1);
    }

    /// What cursors remember. Cursors of another kind become unreadable.
    pub fn set_cursor_kind(&self, kind: CursorKind) {
        self.service.settings().cursor_kind = kind;
    }

    /// How long every answer waits.
    pub fn set_latency(&self, latency: Duration) {
        self.service.settings().latency = latency;
    }

    /// The service's time, in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        self.service.world().clock.now()
    }

    /// Stops the service's clock at this millisecond, until it is advanced.
    pub fn freeze_clock_at(&self, millisecond: i64) {
        self.service.world().clock = Clock::Frozen(millisecond);
    }

    /// Lets the clock run on from this millisecond at the pace of real time.
    pub fn run_clock_from(&self, millisecond: i64) {
        self.service.world().clock = Clock::running_from(millisecond);
    }

    /// Moves the clock, frozen or running.
    pub fn advance_clock(&self, by: Duration) {
        self.service.world().clock.advance(by);
    }

    /// Adds a record now and gives its id. A component goes to the company's library.
    pub fn add(&self, resource: Resource, name: &str) -> String {
        self.service.add(resource, &[name.to_owned()], Duration::ZERO).pop().unwrap_or_default()
    }

    /// Adds a component to one library now and gives its id.
    pub fn add_component_to(&self, library: LibraryType, name: &str) -> String {
        let names = [name.to_owned()];
        self.service.world().add_components(library, &names, Duration::ZERO).pop().unwrap_or_default()
    }

    /// Adds many records with generated names, the first now and each other `gap` after the one before; the clock moves
    /// to the last. With no gap all have the same millisecond.
    pub fn add_many(&self, resource: Resource, count: usize, gap: Duration) -> Vec<String> {
        self.service.add_many(resource, count, gap)
    }

    /// Gives a record another name now. False if there is none with this id.
    pub fn rename(&self, resource: Resource, id: &str, name: &str) -> bool {
        self.service.rename(resource, id, name)
    }

    /// Stamps a record as changed now, and changes nothing else. False if there is none with this id.
    pub fn touch(&self, resource: Resource, id: &str) -> bool {
        self.service.touch(resource, id)
    }

    /// Touches up to `count` different records, picked by the seed, all at the same millisecond, and gives their ids.
    /// Of components it takes those of the company's library.
    pub fn touch_many(&self, resource: Resource, count: usize) -> Vec<String> {
        self.service.touch_many(resource, count)
    }

    /// Gives a change order a status and a resolution. False if there is none with this id.
    pub fn decide(&self, id: &str, status: &str, resolution: Option<&str>) -> bool {
        self.service.decide(id, status, resolution)
    }

    /// Moves a component to a library, and stamps it with no time. False if there is none with this id.
    pub fn move_component(&self, id: &str, library: LibraryType) -> bool {
        self.service.move_component(id, library)
    }

    /// Deletes a record. False if there is none with this id.
    pub fn delete(&self, resource: Resource, id: &str) -> bool {
        self.service.delete(resource, id)
    }

    /// One record as it is now.
    pub fn record(&self, resource: Resource, id: &str) -> Option<RecordView> {
        self.service.view(resource, id)
    }

    /// Every record in the order of insertion; of components those of the company's library.
    pub fn records(&self, resource: Resource) -> Vec<RecordView> {
        self.service.views(resource, LibraryType::General)
    }

    /// The components of the sandbox library, in the order of insertion.
    pub fn personal_components(&self) -> Vec<RecordView> {
        self.service.views(Resource::Components, LibraryType::Personal)
    }

    /// The products of the company's library, in the order of insertion. They do not change.
    pub fn products(&self) -> Vec<RecordView> {
        self.service.products(LibraryType::General)
    }

    /// The next request meets this fault; faults given one after the other meet one request each.
    pub fn fault_next(&self, fault: Fault) {
        self.service.faults().push(fault);
    }

    /// The next `times` requests meet this fault.
    pub fn fault_times(&self, times: usize, fault: Fault) {
        let mut faults = self.service.faults();
        for _ in 0..times {
            faults.push(fault.clone());
        }
    }

    /// Every `every`-th request from now on meets this fault, unless a queued one is first.
    pub fn fault_every(&self, every: u64, fault: Fault) {
        self.service.faults().set_every(every, fault);
    }

    /// Asks this function for each request that meets no queued fault.
    pub fn fault_when(&self, choose: impl FnMut(&ReceivedRequest) -> Option<Fault> + Send + 'static) {
        self.service.faults().set_chooser(Box::new(choose));
    }

    /// No faults from now on.
    pub fn clear_faults(&self) {
        self.service.faults().clear();
    }

    /// How many queued faults no request has met yet.
    pub fn queued_faults(&self) -> usize {
        self.service.faults().queued()
    }

    /// The requests received, oldest first: the newest 10,000, or as many as the builder said.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.service.requests().kept.iter().cloned().collect()
    }

    /// How many requests were received since the start or the last clearing.
    pub fn request_count(&self) -> u64 {
        self.service.requests().count
    }

    /// Forgets the requests received so far.
    pub fn clear_requests(&self) {
        let mut log = self.service.requests();
        log.kept.clear();
        log.count = 0;
    }

    /// Closes the port and every connection, and waits until that is done.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // The receiver is gone where the thread ended by itself; then there is nothing to stop.
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for DuroSim {
    fn drop(&mut self) {
        self.end();
    }
}
