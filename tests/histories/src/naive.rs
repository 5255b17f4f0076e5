//! The obvious design, which is known to lose changes: it remembers when it last polled by the host's clock, reads
//! pages until a record is as old as that, and stays there when it reached its page cap.

use crate::history::Settings;
use crate::service::Service;
use crate::service::identify;
use crate::subject::{Delivered, Subject};
use connector_sdk::contract::Error;
use connector_sdk::polling::PageSource;
use connector_sdk::polling::bounds::Bounds;
use connector_sdk::time::Millis;

/// The obvious design.
#[derive(Debug)]
pub struct Naive {
    bounds: Bounds,
    committed: Option<Millis>,
    left: Option<Millis>,
}

impl Naive {
    /// Before its first poll.
    pub fn new(settings: &Settings) -> Self {
        Self { bounds: settings.bounds, committed: None, left: None }
    }
}

impl Subject for Naive {
    fn poll(&mut self, service: &mut Service<'_>, host_now: Millis) -> Result<Delivered, Error> {
        self.left = Some(host_now);
        let mut delivered = Delivered::default();
        let Some(last_polled_at) = self.committed else { return Ok(delivered) };
        let mut after = None;
        for _ in 0..self.bounds.delivering_pages {
            let page = service.fetch(self.bounds.page_size, after.as_deref())?;
            for record in page.items.iter().filter_map(|item| item.record.as_ref()) {
                if record.modified <= last_polled_at {
                    return Ok(delivered);
                }
                let created = record.created.is_some_and(|created| created > last_polled_at);
                let list = if created { &mut delivered.created } else { &mut delivered.updated };
                list.push(identify(page.node(record)));
            }
            let last = page.items.last().and_then(|item| page.cursor(item));
            if page.has_next != Some(true) || last.is_none() {
                return Ok(delivered);
            }
            after = last;
        }
        self.left = Some(last_polled_at);
        Ok(delivered)
    }

    fn commit(&mut self) {
        self.committed = self.left.take();
    }

    fn state_bytes(&self) -> usize {
        24
    }
}
