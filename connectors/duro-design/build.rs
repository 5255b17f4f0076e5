//! Makes the JSON Schemas of results from the queries, and the part of the service's schema that is relied upon.

fn main() {
    connector_sdk_build::relied_upon("src/schema.graphql");
    connector_sdk_build::result_schemas("src/schema.graphql", "src");
    let way = "component.findAll.edges[].node";
    connector_sdk_build::record_schema("src/schema.graphql", "src", "get_component_by_id", "list_components", way);
    connector_sdk_build::changes_schema("src/schema.graphql", "src", "poll_changes", &["poll_components"]);
}
