//! A small GraphQL client for these tests.

use std::sync::OnceLock;

use duro_sim::DuroSim;
use serde_json::{Value, json};

/// One client for all tests would keep connections across runtimes, so each request has its own.
pub(crate) fn client() -> reqwest::Client {
    static PROVIDER: OnceLock<()> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        rustls::crypto::ring::default_provider().install_default().expect("the first provider");
    });
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client without options")
}

/// A GraphQL request that is ready to be sent with the service's key.
pub(crate) fn request(sim: &DuroSim, query: &str, variables: Value) -> reqwest::RequestBuilder {
    client()
        .post(sim.url())
        .header("apiToken", sim.key())
        .header("content-type", "application/json")
        .body(json!({ "query": query, "variables": variables }).to_string())
}

/// The whole answer, errors included.
pub(crate) async fn answer(sim: &DuroSim, query: &str, variables: Value) -> Value {
    let response = request(sim, query, variables).send().await.expect("an answer");
    serde_json::from_slice(&response.bytes().await.expect("a body")).expect("a JSON answer")
}

/// The data of an answer without errors.
pub(crate) async fn data(sim: &DuroSim, query: &str, variables: Value) -> Value {
    let answer = answer(sim, query, variables).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"].clone()
}

/// The message of the first GraphQL error.
pub(crate) async fn error(sim: &DuroSim, query: &str, variables: Value) -> String {
    let answer = answer(sim, query, variables).await;
    answer["errors"][0]["message"].as_str().unwrap_or_else(|| panic!("no error in {answer}")).to_owned()
}

pub(crate) const COMPONENTS: &str = "query($library: LibraryType, $order: [ComponentsOrderByInput], \
    $search: SearchFields, $first: Int, $after: String) { \
    components(libraryType: $library, orderBy: $order, search: $search) { connection(first: $first, after: $after) { \
    totalCount edges { cursor node { id name status category eid created lastModified cpn { displayValue variant } } } \
    pageInfo { hasNextPage endCursor } } } }";

pub(crate) const CHANGE_ORDERS: &str = "query($order: [ChangeOrdersOrderByInput], $first: Int, $after: String) { \
    changeOrders(orderBy: $order) { connection(first: $first, after: $after) { totalCount \
    edges { cursor node { id name con { id displayValue } created lastModified status type } } \
    pageInfo { hasNextPage endCursor } } } }";

/// One page of components.
pub(crate) async fn components(sim: &DuroSim, variables: Value) -> Value {
    data(sim, COMPONENTS, variables).await["components"]["connection"].clone()
}

/// Every node of a list, read page by page to its end.
pub(crate) async fn all(sim: &DuroSim, query: &str, mut variables: Value) -> Vec<Value> {
    let mut nodes = Vec::new();
    loop {
        let data = data(sim, query, variables.clone()).await;
        let list = data.as_object().and_then(|data| data.values().next()).expect("one list");
        let connection = &list["connection"];
        let edges = connection["edges"].as_array().expect("edges");
        nodes.extend(edges.iter().map(|edge| edge["node"].clone()));
        if connection["pageInfo"]["hasNextPage"] == json!(false) {
            assert_eq!(connection["totalCount"], json!(nodes.len()));
            return nodes;
        }
        assert!(!edges.is_empty(), "a page is empty, but another is promised");
        variables["after"] = connection["pageInfo"]["endCursor"].clone();
    }
}

/// The ids of nodes.
pub(crate) fn ids(nodes: &[Value]) -> Vec<String> {
    nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect()
}
