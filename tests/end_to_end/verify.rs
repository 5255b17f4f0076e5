//! `harness verify` on services that have what the connector was made for, and on such whose schema was changed.

use crate::harness::{Desk, Ended, ended};
use crate::support::{built, root};
use duro_sim::{DuroSim, Fault, SchemaOnly};
use serde_json::{Value, json};
use std::fs;
use tokio::process::Command;

const CANARY: &str = "canary-verify-77c1";

/// The service's schema without what is said of its members, so that a test can change it by its text: each on a line.
fn schema() -> String {
    let text = fs::read_to_string(root().join("src/duro-v1.graphql")).unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('"'));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    // Arguments stand below their field to be told of: here, beside it.
    let arguments = text.replace("(\n    ", "(").replace("\n  )", ")").replace("\n    ", ", ");
    assert!(
        arguments.contains("components(libraryType: LibraryType, orderBy: [ComponentsOrderByInput], search: "),
        "{arguments}"
    );
    arguments
}

async fn verify(sdl: &str, tells_its_schema: bool) -> Ended {
    let service = SchemaOnly::spawn(sdl, tells_its_schema).await.unwrap_or_else(|error| panic!("{error}\n{sdl}"));
    let folder = tempfile::tempdir().unwrap();
    let fields = json!({ "apiKey": CANARY, "customDuroEnvironment": service.url() });
    fs::write(folder.path().join("c.json"), json!({ "key": "duroApiKey", "fields": fields }).to_string()).unwrap();
    let mut command = Command::new(built("harness"));
    command.current_dir(folder.path()).args(["--allow-http", "--allow-private-network", "verify"]);
    command.args(["--connection", "c.json", "--report", "report.json"]).kill_on_drop(true);
    let ended = ended(command).await;
    let report = fs::read_to_string(folder.path().join("report.json")).unwrap_or_default();
    for text in [&ended.output, &report] {
        assert!(!text.contains(CANARY) && !text.contains(service.url()) && !text.contains("127.0.0.1"), "{text}");
    }
    ended
}

#[tokio::test]
async fn a_service_that_has_all_of_it_passes_whether_it_tells_or_not() {
    for tells in [true, false] {
        let ended = verify(&schema(), tells).await;
        assert_eq!((ended.status, &ended.json()["findings"]), (0, &json!([])), "{}{}", ended.output, ended.messages);
        let by = if tells { "introspection" } else { "queries" };
        assert_eq!(ended.json()["checkedBy"], by);
        // Without a word from the service nothing is sent that changes it, or that gives a key away.
        let unchecked = ended.json()["notChecked"].as_array().unwrap().len();
        assert_eq!(unchecked, if tells { 0 } else { 2 });
    }
    let desk = Desk::with(DuroSim::builder().components(10)).await;
    let ended = desk.run(&["--format", "table", "verify"]).await;
    assert_eq!(ended.status, 0, "{}{}", ended.output, ended.messages);
    assert!(ended.messages.contains("queries fit this service"), "{}", ended.messages);
    let wrong = desk.run_with_key("another-key", &["verify"]).await;
    assert_eq!((wrong.status, wrong.error_kind().as_str()), (1, "unauthenticated"));
}

#[tokio::test]
async fn what_was_only_inferred_is_not_looked_for() {
    let schema = schema();
    let inferred = schema.lines().filter(|line| line.ends_with("# inferred")).count();
    assert!(inferred >= 7, "{inferred}");
    let without: String =
        schema.lines().filter(|line| !line.ends_with("# inferred")).flat_map(|line| [line, "\n"]).collect();
    let ended = verify(&without, true).await;
    assert_eq!((ended.status, &ended.json()["findings"]), (0, &json!([])), "{}", ended.output);
}

#[tokio::test]
async fn each_change_of_a_schema_is_found_with_what_would_stop_working() {
    // What is changed, by what; what is found by introspection: the operation, and words of the place and the problem;
    // whether queries alone show it.
    let cases: [(&str, &str, &str, &str, bool); 11] = [
        ("  revisionHistory: [Revision]\n", "", "getComponentById", "Component.revisionHistory", true),
        ("  legacyCpn: String", "  oldCpn: String", "getComponentById", "Component.legacyCpn", true),
        (
            "type Con {\n  id: ID\n  displayValue: String",
            "type Con {\n  id: ID\n  displayValue: Int",
            "listChangeOrders",
            "it is Int",
            true,
        ),
        (
            "  primarySource: PrimarySource",
            "  primarySource: [PrimarySource]",
            "getComponentById",
            "[PrimarySource]",
            true,
        ),
        ("products(libraryType: LibraryType)", "products", "listProducts", "no argument libraryType", true),
        (
            "changeOrders(orderBy: [ChangeOrdersOrderByInput])",
            "changeOrders(orderBy: [ChangeOrdersOrderByInput], company: ID!)",
            "pollChangesTrigger",
            "needs an argument company",
            true,
        ),
        (
            "enum SortDirection { asc desc }",
            "enum SortDirection { ASC DESC }",
            "pollChangesTrigger",
            "no value asc",
            false,
        ),
        ("  productsByIds(ids: [ID]): [Product]\n", "", "getProductById", "Query.productsByIds", true),
        (
            "input ChangeOrdersOrderByInput {\n  con: SortDirection\n",
            "input ChangeOrdersOrderByInput {\n",
            "listChangeOrders",
            "no field con",
            false,
        ),
        (
            "  createChangeOrder(input: CreateChangeOrderInput): ChangeOrder\n",
            "",
            "createChangeOrder",
            "Mutation.createChangeOrder",
            false,
        ),
        (
            "componentsByIds(ids: [ID])",
            "componentsByIds(ids: [ID!]!)",
            "getComponentById",
            "its argument ids is [ID!]!",
            false,
        ),
    ];
    for (from, to, operation, words, shows) in cases {
        let sdl = schema();
        assert!(sdl.contains(from), "{from}");
        let sdl = sdl.replacen(from, to, 1);
        let ended = verify(&sdl, true).await;
        let findings: Vec<Value> = ended.json()["findings"].as_array().unwrap().clone();
        assert_eq!(ended.status, 1, "{to}: {}", ended.messages);
        let found = findings.iter().any(|finding| {
            let text = format!("{} {}", finding["place"].as_str().unwrap(), finding["problem"].as_str().unwrap());
            finding["operation"] == operation && text.contains(words)
        });
        assert!(found, "{to}: {findings:#?}");
        assert!(ended.json()["stopsWorking"][operation].is_string());

        let ended = verify(&sdl, false).await;
        let findings: Vec<Value> = ended.json()["findings"].as_array().unwrap().clone();
        let found = findings.iter().any(|finding| finding["operation"] == operation);
        assert_eq!((found, ended.status), (shows, i32::from(!findings.is_empty())), "{to}, by queries: {findings:#?}");
    }
}

#[tokio::test]
async fn the_operations_that_a_change_stops_are_named_and_no_others() {
    let cases: [(&str, &str, &[&str]); 11] = [
        ("  mass: Float\n", "", &["listComponents"]),
        ("  legacyCpn: String", "  formerCpn: String", &["getComponentById"]),
        (
            "type ChangeOrderConnection {\n  totalCount: Int",
            "type ChangeOrderConnection {\n  totalCount: String",
            &["getChangeOrder", "listChangeOrders"],
        ),
        (
            "type ComponentEdge {\n  cursor: String\n  node: Component",
            "type ComponentEdge {\n  cursor: String\n  node: [Component]",
            &["findComponents", "listComponents", "pollChangesTrigger", "selectComponent"],
        ),
        (
            "components(libraryType: LibraryType, ",
            "components(",
            &["findComponents", "listComponents", "pollChangesTrigger", "selectComponent"],
        ),
        (
            "changeOrders(orderBy: [ChangeOrdersOrderByInput])",
            "changeOrders(company: ID!, orderBy: [ChangeOrdersOrderByInput])",
            &["getChangeOrder", "listChangeOrders", "pollChangesTrigger"],
        ),
        (
            "  GENERAL\n  PERSONAL\n",
            "  GENERAL\n",
            &[
                "findComponents",
                "listComponents",
                "listProducts",
                "pollChangesTrigger",
                "selectComponent",
                "selectProduct",
            ],
        ),
        (
            "input SearchFields {\n  cpn: String",
            "input SearchFields {\n  number: String",
            &["findComponents", "selectComponent"],
        ),
        ("  createChangeOrder(input: CreateChangeOrderInput): ChangeOrder\n", "", &["createChangeOrder"]),
        ("  type: ChangeOrderType\n}", "  type: ChangeOrderType\n  owner: ID!\n}", &["createChangeOrder"]),
        ("  apiToken: ApiToken\n", "", &["duroApiKey"]),
    ];
    // Where even the test of a connection fails, the rest is told.
    let ended = verify(&schema().replacen("  userById: User\n", "", 1), true).await;
    assert!(ended.messages.contains("warning: the test of the connection fails"), "{}", ended.messages);
    let stops: Vec<String> = ended.json()["stopsWorking"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(stops, ["getCurrentUser", "listCompanyUsers", "pollChangesTrigger"]);
    for (from, to, operations) in cases {
        assert!(schema().contains(from), "{from}");
        let ended = verify(&schema().replacen(from, to, 1), true).await;
        let stops: Vec<String> = ended.json()["stopsWorking"].as_object().unwrap().keys().cloned().collect();
        assert_eq!((ended.status, stops), (1, operations.iter().map(ToString::to_string).collect()), "{from} -> {to}");
    }
}

#[tokio::test]
async fn what_a_service_says_of_its_records_is_shown_and_not_in_the_file_that_is_given_away() {
    let desk = Desk::with(DuroSim::builder()).await;
    let words = "the field legacyCpn of Prototype Falcon-7 is for ann@example.com alone";
    desk.sim.fault_when(move |request| {
        request.body_text().contains("legacyCpn").then(|| Fault::GraphQlErrors(vec![words.to_owned()]))
    });
    let ended = desk.run(&["verify", "--by-queries", "--report", "report.json"]).await;
    assert_eq!(ended.status, 1, "{}", ended.messages);
    assert!(ended.output.contains("Falcon"), "{}", ended.output);
    let report = fs::read_to_string(desk.file("report.json")).unwrap();
    for word in ["Falcon", "Prototype", "example.com", "ann@"] {
        assert!(!report.contains(word), "{word}: {report}");
    }
    assert!(report.contains("getComponentById") && report.contains("legacyCpn"), "{report}");
}

#[tokio::test]
async fn a_service_that_gives_nothing_has_nothing() {
    let desk = Desk::with(DuroSim::builder()).await;
    for body in ["{\"data\":{}}", "{\"data\":null}", "{}"] {
        desk.sim.fault_when(move |_| Some(Fault::Answer { status: 200, headers: Vec::new(), body: body.to_owned() }));
        let ended = desk.run(&["verify"]).await;
        assert_eq!(ended.status, 1, "{body}: {}{}", ended.output, ended.messages);
        let stops = ended.json()["stopsWorking"].as_object().unwrap().len();
        assert!(stops >= 10, "{body}: {}", ended.output);
    }
}
