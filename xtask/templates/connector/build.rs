//! Makes the JSON Schemas of results from the queries.

fn main() {
    connector_sdk_build::result_schemas("src/schema.graphql", "src");
    connector_sdk_build::changes_schema("src/schema.graphql", "src", "poll_changes", &["poll_things"]);
}
