//! Makes the JSON Schemas of results from the queries.

fn main() {
    connector_sdk_build::result_schemas("src/duro-v1.graphql", "src");
    let records = ["poll_change_orders", "poll_components"];
    connector_sdk_build::changes_schema("src/duro-v1.graphql", "src", "poll_changes", &records);
}
