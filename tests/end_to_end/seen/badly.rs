//! A collector that behaves badly, or is not there: the command does what it does without one.

use super::collector::{Collector, Manner};
use crate::harness::{Desk, Ended, ended};

const ACTION: [&str; 4] = ["action", "listComponents", "--input", "first=2"];

/// What a command says beside its own.
fn warnings(ended: &Ended) -> Vec<&str> {
    ended.messages.lines().filter(|line| line.contains("collector")).collect()
}

#[tokio::test]
async fn a_command_prints_and_ends_the_same_whatever_the_collector_does() {
    let desk = Desk::new().await;
    let (fine, failing) =
        (desk.run(&ACTION).await, desk.run(&["action", "listComponents", "--input", "first=x"]).await);
    assert_eq!((fine.status, failing.status), (0, 1));
    for manner in [Manner::Hangs, Manner::Answers(500), Manner::Answers(503), Manner::Redirects, Manner::Endless] {
        for (without, words) in [(&fine, &ACTION[..]), (&failing, &["action", "listComponents", "--input", "first=x"])]
        {
            let collector = Collector::start(manner).await;
            let with = desk.run(&[&["--otlp", &collector.url], words].concat()).await;
            assert_eq!((with.status, &with.output), (without.status, &without.output), "{manner:?}");
            // It has been asked, and what it said is not repeated.
            let received = collector.received();
            assert!(received.iter().all(|request| request.path.starts_with("/v1/")), "{manner:?}: {received:?}");
            assert!(!received.is_empty());
            let said = warnings(&with);
            match manner {
                Manner::Endless => assert!(said.is_empty(), "{said:?}"),
                // Its threads may be too late to say what each was told.
                Manner::Hangs => assert!(
                    said.last().is_some_and(|line| line.contains("did not get to the collector")),
                    "{manner:?}: {said:?}"
                ),
                _ => {
                    assert!(said.len() == 2 && said[1].contains("did not get to the collector"), "{manner:?}: {said:?}")
                }
            }
            assert!(said.iter().all(|line| !line.contains("/v1/")), "{said:?}");
        }
    }
    let nowhere = Collector::nowhere().await;
    let with = desk.run(&[&["--otlp", &nowhere], &ACTION[..]].concat()).await;
    assert_eq!((with.status, &with.output), (0, &fine.output));
    assert!(warnings(&with)[0].contains(&nowhere), "{}", with.messages);
}

#[tokio::test]
async fn that_telemetry_is_not_taken_is_said_once_however_long_a_command_runs() {
    let desk = Desk::new().await;
    let collector = Collector::start(Manner::Answers(400)).await;
    let words = ["watch", "pollChangesTrigger", "--state", "watch.state", "--every", "1ms", "--count", "700"];
    // More than two batches of spans, so that more than one is refused before the end.
    let ended = desk.run(&[&["--otlp", &collector.url], &words[..]].concat()).await;
    assert_eq!(ended.status, 0, "{}", ended.messages);
    assert!(collector.received().iter().filter(|request| request.path == "/v1/traces").count() > 1);
    let said = warnings(&ended);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("it answers with the status 400"), "{said:?}");
    // A poll and its request each.
    assert!(said[1].starts_with("note: 1400 spans"), "{said:?}");
}

#[tokio::test]
async fn a_collector_that_cannot_be_one_is_an_error_of_the_command_line_that_repeats_no_secret() {
    let desk = Desk::new().await;
    let cases = [
        ("canary-of-a-url", ""),
        ("ftp://127.0.0.1/canary", ""),
        ("http://user:canary@127.0.0.1:1", ""),
        ("http://127.0.0.1:1/?token=canary", ""),
        ("http://127.0.0.1:1", "authorization=canary%"),
        ("http://127.0.0.1:1", "canary"),
    ];
    for (url, headers) in cases {
        let mut command = desk.command(&["--otlp", url, "inspect"]);
        command.env("OTEL_EXPORTER_OTLP_HEADERS", headers);
        let ended = ended(command).await;
        assert_eq!((ended.status, ended.output.as_str()), (2, ""), "{url} {headers}");
        assert!(!ended.messages.contains("canary"), "{}", ended.messages);
        let named = if headers.is_empty() { "--otlp" } else { "OTEL_EXPORTER_OTLP_HEADERS" };
        assert!(ended.messages.contains(named), "{}", ended.messages);
    }
}

#[tokio::test]
async fn no_variable_of_the_environment_names_a_collector() {
    let desk = Desk::new().await;
    let collector = Collector::start(Manner::Takes).await;
    let run = async |flags: &[&str]| {
        let words =
            [&["--allow-http", "--allow-private-network"], flags, &ACTION, &["--connection", "connection.json"]];
        let mut command = desk.command(&words.concat());
        for name in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] {
            command.env(name, &collector.url);
        }
        // None of these changes what is sent to the one that the flag names.
        command.env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc").env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
        command.env("OTEL_TRACES_SAMPLER", "always_off").env("OTEL_BSP_MAX_QUEUE_SIZE", "0");
        ended(command).await
    };
    assert_eq!(run(&[]).await.status, 0);
    assert!(collector.received().is_empty());

    let named = Collector::start(Manner::Takes).await;
    assert_eq!(run(&["--otlp", &named.url]).await.status, 0);
    assert!(collector.received().is_empty());
    assert_eq!(named.spans().len(), 2);
}
