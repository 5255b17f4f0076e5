//! What the connector declares as a whole.

use connector_sdk::{Connection, testing};

use crate::DuroDesign;

/// A connection for tests.
pub(crate) fn connection() -> Connection {
    let fields = r#"{"organization":"@acme","library":"@acme/parts"}"#.to_owned();
    Connection { fields, ..testing::connection("duroDesignApiKey", "https://api.durohub.com/graphql") }
}

#[test]
fn the_declarations_are_whole_and_agree_with_each_other() {
    assert_eq!(testing::problems::<DuroDesign>(), Vec::<String>::new());
}
