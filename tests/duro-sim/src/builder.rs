//! How a service is set up and started.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::cors::Cors;
use crate::cursor::CursorKind;
use crate::generate::{self, Size};
use crate::handle::DuroSim;
use crate::server;
use crate::service::{Service, Settings};

/// The key that is accepted where no other is named.
pub const DEFAULT_KEY: &str = "demo-key";
/// Components of the company's library in a default world.
pub const DEFAULT_COMPONENTS: usize = 340;
/// Components of the sandbox library in a default world.
pub const DEFAULT_PERSONAL: usize = 60;
/// Change orders in a default world.
pub const DEFAULT_CHANGE_ORDERS: usize = 150;
/// The longest page of a default service.
pub const DEFAULT_PAGE_SIZE: usize = 100;

/// Enough for any test; in a long run the oldest go.
const KEPT_REQUESTS: usize = 10_000;

/// Sets up a [`DuroSim`].
#[derive(Clone, Debug)]
pub struct DuroSimBuilder {
    port: u16,
    seed: u64,
    size: Size,
    clock: Clock,
    threads: usize,
    settings: Settings,
}

impl Default for DuroSimBuilder {
    fn default() -> DuroSimBuilder {
        DuroSimBuilder {
            port: 0,
            seed: 1,
            size: Size {
                general: DEFAULT_COMPONENTS,
                personal: DEFAULT_PERSONAL,
                change_orders: DEFAULT_CHANGE_ORDERS,
            },
            clock: Clock::Running(0),
            threads: 1,
            settings: Settings {
                keys: Vec::new(),
                keys_of_others: Vec::new(),
                shown_times: HashMap::new(),
                page_size: DEFAULT_PAGE_SIZE,
                cursor_kind: CursorKind::default(),
                latency: Duration::ZERO,
                null_for_unknown_ids: false,
                renewal_revokes: false,
                kept_requests: KEPT_REQUESTS,
                cors: None,
            },
        }
    }
}

impl DuroSimBuilder {
    /// The port on 127.0.0.1; 0, the default, takes a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> DuroSimBuilder {
        self.port = port;
        self
    }

    /// Accepts this key. With none named, [`DEFAULT_KEY`] is accepted.
    #[must_use]
    pub fn key(mut self, key: &str) -> DuroSimBuilder {
        self.settings.keys.push(key.to_owned());
        self
    }

    /// The same seed gives the same data. The default is 1.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> DuroSimBuilder {
        self.seed = seed;
        self
    }

    /// How many components the company's library begins with.
    #[must_use]
    pub fn components(mut self, count: usize) -> DuroSimBuilder {
        self.size.general = count;
        self
    }

    /// How many components the sandbox library begins with.
    #[must_use]
    pub fn personal_components(mut self, count: usize) -> DuroSimBuilder {
        self.size.personal = count;
        self
    }

    /// How many change orders there are at the beginning.
    #[must_use]
    pub fn change_orders(mut self, count: usize) -> DuroSimBuilder {
        self.size.change_orders = count;
        self
    }

    /// The most records that a page holds, whatever `first` says; at least 1.
    #[must_use]
    pub fn page_size(mut self, page_size: usize) -> DuroSimBuilder {
        self.settings.page_size = page_size.max(1);
        self
    }

    /// What cursors remember.
    #[must_use]
    pub fn cursor_kind(mut self, kind: CursorKind) -> DuroSimBuilder {
        self.settings.cursor_kind = kind;
        self
    }

    /// How long every answer waits.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> DuroSimBuilder {
        self.settings.latency = latency;
        self
    }

    /// `componentsByIds` and `productsByIds` give null in the place of an unknown id, instead of leaving it out.
    #[must_use]
    pub fn null_for_unknown_ids(mut self, null: bool) -> DuroSimBuilder {
        self.settings.null_for_unknown_ids = null;
        self
    }

    /// Whether a renewed key is the only one that is accepted from then on. By default the others go on.
    #[must_use]
    pub fn renewal_revokes(mut self, revokes: bool) -> DuroSimBuilder {
        self.settings.renewal_revokes = revokes;
        self
    }

    /// How many requests are remembered; the default is 10,000.
    #[must_use]
    pub fn kept_requests(mut self, count: usize) -> DuroSimBuilder {
        self.settings.kept_requests = count;
        self
    }

    /// Lets scripts of pages of this origin call the service, and see these headers of its answers, beside the few that
    /// every script sees. By default no page of another origin can.
    #[must_use]
    pub fn cors(mut self, origin: &str, exposed: &[String]) -> DuroSimBuilder {
        self.settings.cors = Some(Cors { origin: origin.to_owned(), exposed: exposed.to_vec() });
        self
    }

    /// The clock stands at this millisecond since 1970. The generated data ends on 2025-01-31, whatever the clock says.
    #[must_use]
    pub fn frozen_clock(mut self, millisecond: i64) -> DuroSimBuilder {
        self.clock = Clock::Frozen(millisecond);
        self
    }

    /// The clock begins at this millisecond since 1970 and runs. Without either, it shows real time.
    #[must_use]
    pub fn clock_from(mut self, millisecond: i64) -> DuroSimBuilder {
        self.clock = Clock::running_from(millisecond);
        self
    }

    /// How many threads answer; the default is 1, which measurements of other processes want.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> DuroSimBuilder {
        self.threads = threads.max(1);
        self
    }

    /// Starts the service from async code.
    pub async fn spawn(self) -> io::Result<DuroSim> {
        self.spawn_blocking()
    }

    /// Starts the service; it listens when this returns. The error is that of binding the port or starting the threads.
    pub fn spawn_blocking(mut self) -> io::Result<DuroSim> {
        if self.settings.keys.is_empty() {
            self.settings.keys.push(DEFAULT_KEY.to_owned());
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        let address = listener.local_addr()?;
        let runtime = runtime(self.threads)?;
        let service = Arc::new(Service::new(generate::world(self.seed, self.size, self.clock), self.settings));
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&service);
        let thread = thread::Builder::new().name("duro-sim".to_owned()).spawn(move || {
            // The only error is that of handing the socket to the runtime; callers then find the port closed.
            let _ = runtime.block_on(server::serve(listener, serving, stopped));
            runtime.shutdown_background();
        })?;
        Ok(DuroSim { address, service, stop: Some(stop), thread: Some(thread) })
    }
}

fn runtime(threads: usize) -> io::Result<Runtime> {
    match threads {
        1 => Builder::new_current_thread().enable_all().build(),
        _ => Builder::new_multi_thread().worker_threads(threads).enable_all().build(),
    }
}
