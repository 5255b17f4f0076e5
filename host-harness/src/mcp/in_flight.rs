//! A transport that reads on only while not too many requests wait for their answers, or their answers to be read:
//! whoever sends without reading waits for itself, and what it sends is not gathered here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::RoleServer;
use rmcp::model::{ClientNotification, JsonRpcMessage, RequestId};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::sync::{Notify, oneshot};

/// Requests that are read and not answered yet.
const MOST: usize = 32;

/// The requests that wait for their answers.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Waiting>);

#[derive(Default)]
struct Waiting {
    /// How many there are of each number: a client that uses one twice is wrong, and counted twice.
    requests: Mutex<HashMap<RequestId, usize>>,
    fewer: Notify,
}

impl InFlight {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.requests.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    fn begin(&self, id: &RequestId) {
        let mut requests = self.0.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry(id.clone()).or_default() += 1;
    }

    fn end(&self, id: &RequestId) {
        let mut requests = self.0.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = requests.get_mut(id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                requests.remove(id);
            }
        }
        self.0.fewer.notify_one();
    }

    async fn room(&self) {
        while self.count() >= MOST {
            self.0.fewer.notified().await;
        }
    }
}

/// The transport around another.
pub(super) struct Bounded<T> {
    inner: T,
    in_flight: InFlight,
    /// A request that was read when there was no room for it.
    parked: Option<RxJsonRpcMessage<RoleServer>>,
    end: Option<oneshot::Sender<()>>,
}

impl<T: Transport<RoleServer>> Bounded<T> {
    /// The same transport, the requests that wait, and what hears of its end.
    pub(super) fn of(inner: T) -> (Self, InFlight, oneshot::Receiver<()>) {
        let (end, ended) = oneshot::channel();
        let in_flight = InFlight::default();
        (Self { inner, in_flight: in_flight.clone(), parked: None, end: Some(end) }, in_flight, ended)
    }
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Bounded<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let answered = match &item {
            JsonRpcMessage::Response(response) => Some(response.id.clone()),
            JsonRpcMessage::Error(error) => error.id.clone(),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
        };
        let (sending, in_flight) = (self.inner.send(item), self.in_flight.clone());
        async move {
            let sent = sending.await;
            // Now it has been taken, and not before.
            if let Some(id) = answered {
                in_flight.end(&id);
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        // Answers to questions and cancellations need no room. What is given up while it waits here loses nothing.
        if self.parked.is_none() {
            let Some(message) = self.inner.receive().await else {
                self.end.take().map(|end| end.send(()));
                return None;
            };
            match &message {
                JsonRpcMessage::Request(_) => self.parked = Some(message),
                JsonRpcMessage::Notification(notification) => {
                    // What was cancelled is not answered.
                    if let ClientNotification::CancelledNotification(cancelled) = &notification.notification {
                        cancelled.params.request_id.iter().for_each(|id| self.in_flight.end(id));
                    }
                    return Some(message);
                }
                JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => return Some(message),
            }
        }
        self.in_flight.room().await;
        let request = self.parked.take();
        if let Some(JsonRpcMessage::Request(request)) = &request {
            self.in_flight.begin(&request.id);
        }
        request
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        self.inner.close()
    }
}
