//! `--read-only`: everything that reads works, and nothing that could change data leaves.

use crate::harness::Desk;
use crate::support::{Bench, Cage};
use duro_sim::Resource;
use host::egress::{RefusalReason, Restriction};
use host::{CallError, CallOptions, Grants};
use serde_json::{Value, json};

#[tokio::test]
async fn every_operation_that_reads_works_read_only() {
    let bench = Bench::new().await;
    let grants = Grants { read_only: true, ..bench.options.grants };
    let options = CallOptions { grants, ..bench.options.clone() };
    let bench = Bench { options, ..bench };
    let part = bench.sim.records(Resource::Components).remove(0).id;
    let order = bench.sim.records(Resource::ChangeOrders).remove(0).id;
    let product = bench.sim.products().remove(0).id;
    for (key, inputs) in [
        ("getCurrentUser", json!({})),
        ("listCompanyUsers", json!({})),
        ("listComponents", json!({ "first": 230 })),
        ("getComponentById", json!({ "componentId": part })),
        ("listChangeOrders", json!({ "first": 3 })),
        ("getChangeOrder", json!({ "changeOrder": order })),
        ("getBillOfMaterials", json!({ "componentId": part })),
        ("findComponents", json!({ "name": "a" })),
        ("listProducts", json!({})),
        ("getProductById", json!({ "productId": product })),
        ("rawRequest", json!({})),
    ] {
        bench.perform(key, inputs).await;
    }
    let (connection, inputs, options) = (&bench.connection, json!({}), &bench.options);
    bench.connector.test_connection(connection, options).await.unwrap();
    bench.connector.query("selectComponent", connection, &inputs, Some("a"), None, options).await.unwrap();
    for resource in ["components", "changeOrders"] {
        let inputs = json!({ "pollResourceType": resource });
        bench.connector.poll("pollChangesTrigger", connection, &inputs, None, options).await.unwrap();
    }
}

#[tokio::test]
async fn a_mutation_does_not_leave_and_the_refusal_names_the_flag_that_forbids_it() {
    let desk = Desk::new().await;
    let orders = desk.sim.records(Resource::ChangeOrders).len();
    let mutation = "query=mutation { createChangeOrder(input: {name: \"x\", type: ECO}) { id } }";
    let hidden =
        "query={ userById { id } } # \n mutation M { createChangeOrder(input: {name: \"x\", type: ECO}) { id } }";
    let commands = [
        vec!["action", "createChangeOrder", "--input", "name=x"],
        vec!["action", "rawRequest", "--input", mutation],
        vec!["action", "rawRequest", "--input", hidden],
    ];
    for words in &commands {
        let ended = desk.run(&[&["--read-only"], &words[..]].concat()).await;
        assert_eq!((ended.status, ended.error_kind().as_str()), (3, "transport"), "{}", ended.output);
        let refusal: &Value = &ended.json()["error"]["refusals"][0];
        assert_eq!((&refusal["reason"], &refusal["restriction"]), (&json!("read-only"), &json!("--read-only")));
        assert!(ended.messages.contains("--read-only forbids it"), "{}", ended.messages);
        assert!(ended.messages.contains("holds a mutation"), "{}", ended.messages);
    }
    assert_eq!((desk.sim.request_count(), desk.sim.records(Resource::ChangeOrders).len()), (0, orders));
    // And the flag is what forbade it.
    let ended = desk.run(&commands[0]).await;
    assert_eq!((ended.status, desk.sim.records(Resource::ChangeOrders).len()), (0, orders + 1));
}

#[tokio::test]
async fn the_library_reports_what_could_not_be_shown_to_read() {
    let bench = Bench::new().await;
    let grants = Grants { read_only: true, ..bench.options.grants };
    let options = CallOptions { grants, record_exchanges: true, ..bench.options.clone() };
    let inputs = json!({ "query": "this is not GraphQL" });
    let failure = bench.connector.perform("rawRequest", &bench.connection, &inputs, &options).await.unwrap_err();
    let CallError::Refused { refusals, .. } = failure.error else { panic!("{failure:?}") };
    assert_eq!((refusals[0].reason, refusals[0].restriction), (RefusalReason::ReadOnly, Some(Restriction::ReadOnly)));
    assert!(refusals[0].to_string().contains("cannot be parsed"), "{}", refusals[0]);
    // What was kept back is what a person can be asked about.
    let [kept_back] = &failure.trace.exchanges[..] else { panic!("{:?}", failure.trace) };
    assert_eq!((kept_back.attempts, failure.trace.sent_bytes), (0, 0));
    assert!(String::from_utf8_lossy(&kept_back.request_body).contains("this is not GraphQL"));
}

#[tokio::test]
async fn a_read_that_a_framework_would_take_for_a_change_does_not_leave() {
    let cage = Cage::new().await;
    let grants = Grants { read_only: true, ..cage.options.grants };
    let cage = Cage { options: CallOptions { grants, ..cage.options.clone() }, ..cage };
    let url = cage.sim.url();
    let asked = |query: &str| json!({ "url": format!("{url}{query}") });
    let with = |name: &str, value: &str| json!({ "url": url, "headers": [[name, { "text": value }]] });
    for request in [
        with("X-HTTP-Method-Override", "DELETE"),
        with("x_http_method_override", "DELETE"),
        with("X-Http-Method", "MERGE"),
        with("x_original_url", "/admin/delete"),
        with("X-Rewrite-URL", "/admin/delete"),
        with("X-Forwarded-Prefix", "/admin"),
        asked("?_method=DELETE"),
        asked("?a=1;_method=DELETE"),
        asked("?X-HTTP-Method-Override=PUT"),
        asked("?method=delete"),
        asked("?query=mutation%7Ba%7D"),
        asked("?query[]=mutation%7Ba%7D"),
        asked("?Query=mutation%257Ba%257D"),
        asked("?operations=%7B%22query%22:%22mutation%7Ba%7D%22%7D"),
        asked("?documentId=stored-mutation"),
    ] {
        let failure = cage.perform("fetch", request.clone()).await.unwrap_err();
        let CallError::Refused { refusals, .. } = failure.error else { panic!("{request}: {failure:?}") };
        assert_eq!(refusals[0].reason, RefusalReason::ReadOnly, "{request}: {}", refusals[0]);
    }
    assert_eq!(cage.sim.request_count(), 0);
    // What only looks a little like them leaves, and so does all of it without the flag.
    for request in
        [with("X-Api-Key", "DELETE"), json!({ "url": url.replace("graphql", "parts?payment_method=card&id=1") })]
    {
        cage.perform("fetch", request).await.unwrap();
    }
    let free = Cage { options: crate::support::options(), ..cage };
    free.perform("fetch", with("x_http_method_override", "DELETE")).await.unwrap();
    assert_eq!(free.sim.request_count(), 3);
}
