//! `watch --notify`: a post makes the next poll come at once, and its loss loses nothing.

use crate::harness::Desk;
use duro_sim::{DuroSim, Resource};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Posts, and gives the status line.
async fn post(address: &str, head: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}\r\nhost: x\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_post_makes_the_next_poll_come_at_once() {
    let desk = Desk::with(DuroSim::builder()).await;
    let mut command = desk.command(&[
        "--allow-http",
        "--allow-private-network",
        "watch",
        "pollChangesTrigger",
        "--connection",
        "connection.json",
        "--state",
        "w.state",
        "--every",
        "1h",
        "--count",
        "2",
        "--notify",
    ]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut messages = BufReader::new(child.stderr.take().unwrap()).lines();
    let (mut address, mut token) = (String::new(), String::new());
    while address.is_empty() || token.is_empty() {
        let line = messages.next_line().await.unwrap().unwrap();
        if let Some((_, rest)) = line.split_once("http://") {
            rest.split_once('/').unwrap().0.clone_into(&mut address);
        }
        if let Some((_, made)) = line.split_once("the token is ") {
            made.clone_into(&mut token);
        }
    }
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    while desk.sim.request_count() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (head, status) in [
        ("POST / HTTP/1.1", "401"),
        ("POST / HTTP/1.1\r\nauthorization: Bearer wrong", "401"),
        (&format!("POST / HTTP/1.1\r\nauthorization: Bearer {token}\r\nauthorization: Bearer {token}"), "401"),
        (&format!("GET / HTTP/1.1\r\nauthorization: Bearer {token}"), "405"),
    ] {
        let line = post(&address, head).await;
        assert!(line.contains(status), "{head}: {line}");
    }
    assert_eq!(desk.sim.request_count(), 1, "a poll came that nobody may ask for");
    let new = desk.sim.add(Resource::Components, "Made just now");
    let head = format!("POST /any/path?at=all HTTP/1.1\r\nauthorization: bearer {token}");
    assert!(post(&address, &head).await.contains("202"));
    assert!(post(&address, &head).await.contains("202"));
    let output = tokio::time::timeout(Duration::from_secs(30), child.wait_with_output()).await;
    let output = output.expect("the poll did not come").unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains(&new), "{printed}");
}

#[tokio::test]
async fn only_an_address_of_this_machine_can_be_opened_and_a_token_is_no_word() {
    let desk = Desk::new().await;
    // With --count, so that the test ends where the address is opened all the same.
    let watch = ["watch", "pollChangesTrigger", "--state", "w.state", "--count", "1", "--notify"];
    let refused = desk.run(&[&watch[..], &["0.0.0.0:0"]].concat()).await;
    assert_eq!(refused.status, 2);
    assert!(refused.messages.contains("only an address of this machine itself"), "{}", refused.messages);
    std::fs::write(desk.file("token"), "short").unwrap();
    let refused = desk.run(&[&watch[..], &["127.0.0.1:0", "--notify-token-file", "token"]].concat()).await;
    assert_eq!((refused.status, desk.sim.request_count()), (2, 0), "{}", refused.messages);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let words = [&watch[..], &["127.0.0.1:0", "--notify-token-file", "token"]].concat();
        std::fs::write(desk.file("token"), "0123456789abcdef").unwrap();
        for (mode, is_warned) in [(0o644, true), (0o600, false)] {
            std::fs::set_permissions(desk.file("token"), std::fs::Permissions::from_mode(mode)).unwrap();
            let said = desk.run(&words).await.messages;
            assert_eq!(
                said.contains("the file of the token token is one that other users can read"),
                is_warned,
                "{said}"
            );
        }
    }
}
