//! The queries. Each is a `.graphql` file, checked against `duro-v1.graphql` when this is compiled; a field that the schema
//! does not have does not compile. All values of an answer are optional, because any may be null or missing.

#![allow(missing_docs, reason = "what is generated from a query is documented by the query")]

use graphql_client::GraphQLQuery;

/// ISO 8601 in UTC with milliseconds, as text.
type DateTime = String;

/// The name that the generated code gives the scalar `ID` in variables.
type Id = String;

macro_rules! query {
    ($name:ident, $file:tt, $what:literal) => {
        #[doc = $what]
        #[derive(GraphQLQuery)]
        #[graphql(
                                                                            schema_path = "src/duro/duro-v1.graphql",
                                                                            query_path = $file,
                                                                            variables_derives = "Debug, Clone",
                                                                            skip_serializing_none,
                                                                            normalization = "rust"
                                                                        )]
        pub struct $name;
    };
}

query!(CreateChangeOrder, "src/duro/queries/create_change_order.graphql", "Creates a change order.");
query!(GetComponentById, "src/duro/queries/get_component_by_id.graphql", "One component, all of it.");
query!(GetCurrentUser, "src/duro/queries/get_current_user.graphql", "The API key's owner.");
query!(ListChangeOrders, "src/duro/queries/list_change_orders.graphql", "One page of change orders.");
query!(ListCompanyUsers, "src/duro/queries/list_company_users.graphql", "The owner's company and its users.");
query!(ListComponents, "src/duro/queries/list_components.graphql", "One page of components.");
query!(PollChangeOrders, "src/duro/queries/poll_change_orders.graphql", "Change orders, the last changed first.");
query!(PollComponents, "src/duro/queries/poll_components.graphql", "Components, the last changed first.");
query!(SelectComponent, "src/duro/queries/select_component.graphql", "One page of the dropdown.");
