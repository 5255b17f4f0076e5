//! Makes the JSON Schemas of results from the queries, and the part of the service's schema that is relied upon.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(planted_faults)");
    connector_sdk_build::relied_upon("src/duro-v1.graphql");
    connector_sdk_build::result_schemas("src/duro-v1.graphql", "src");
    let way = "changeOrders.connection.edges[].node";
    connector_sdk_build::record_schema("src/duro-v1.graphql", "src", "get_change_order", "list_change_orders", way);
    let records = ["poll_change_orders", "poll_components"];
    connector_sdk_build::changes_schema("src/duro-v1.graphql", "src", "poll_changes", &records);
}
