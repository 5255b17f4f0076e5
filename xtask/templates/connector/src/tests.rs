//! What the connector declares as a whole.

use connector_sdk::{Connection, testing};

use crate::__TYPE__;

/// A connection for tests.
pub(crate) fn connection() -> Connection {
    testing::connection("apiKey", "https://things.example.com/graphql")
}

#[test]
fn the_declarations_are_whole_and_agree_with_each_other() {
    assert_eq!(testing::problems::<__TYPE__>(), Vec::<String>::new());
}
