//! The port that the page listens on. A browser keeps what was typed for one address, so that a page which is started
//! again has to be where it was: where no port is named, at one that is the connector's own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

/// The ports that connectors have: below those that operating systems give to whoever wants any.
const FIRST: u16 = 21_000;
const MANY: u16 = 4_000;

/// A listener, and what to say of its port, if anything.
pub(super) struct Listening {
    pub(super) listener: TcpListener,
    pub(super) note: Option<String>,
}

/// Takes the port that was named, or the connector's own, or a free one where that is taken. The error is for people.
pub(super) async fn listen(named: Option<u16>, connector: &str) -> Result<Listening, String> {
    if let Some(port) = named {
        let listener = at(port).await.map_err(|error| {
            let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            format!("{wanted} cannot be listened on: {error}; --port 0 takes a free port")
        })?;
        return Ok(Listening { listener, note: None });
    }
    let own = own(connector);
    if let Ok(listener) = at(own).await {
        return Ok(Listening { listener, note: None });
    }
    let listener = at(0).await.map_err(|error| format!("there is no port to listen on: {error}"))?;
    let note = format!(
        "note: port {own}, where this connector's page is otherwise, is taken: at this one the browser has nothing of \
         what was typed there"
    );
    Ok(Listening { listener, note: Some(note) })
}

async fn at(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// The port that is a connector's own.
fn own(connector: &str) -> u16 {
    let hash = Sha256::digest(connector.as_bytes());
    let number = hash.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    FIRST + u16::try_from(number % u32::from(MANY)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_has_the_same_port_at_every_start_and_others_have_others() {
        let ports = ["acme-parts", "acme-orders", "acme-things", ""].map(own);
        assert!(ports.iter().all(|port| (FIRST..FIRST + MANY).contains(port)), "{ports:?}");
        assert_eq!(own("acme-parts"), own("acme-parts"));
        assert!(ports.iter().enumerate().all(|(at, port)| !ports[..at].contains(port)), "{ports:?}");
    }

    #[tokio::test]
    async fn where_the_connectors_own_port_is_taken_a_free_one_is_and_that_is_said() {
        // Of a name that no connector has.
        let name = "a connector of this test alone";
        let first = listen(None, name).await.unwrap();
        assert!(first.note.is_none(), "{:?}", first.note);
        assert_eq!(first.listener.local_addr().unwrap().port(), own(name));
        let second = listen(None, name).await.unwrap();
        assert!(second.note.unwrap().contains(&own(name).to_string()));
        assert_ne!(second.listener.local_addr().unwrap().port(), own(name));
        assert!(listen(Some(own(name)), name).await.err().unwrap().contains("--port 0"));
    }
}
