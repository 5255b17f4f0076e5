//! `__KEY__`

use connector_sdk::{Action, Call, Error, Operation, result_schema};

use crate::service::{client, query};

query!(__TYPE__, "src/actions/__FILE__.graphql");

impl Action for __TYPE__ {
    const OPERATION: Operation = Operation {
        key: "__KEY__",
        label: "__LABEL__",
        description: "Say here what it does, in a sentence or two.",
        result_schema: result_schema!("__FILE__"),
        example: include_str!("__FILE__.example.json"),
    };
    type Inputs = ();

    fn perform(call: &Call<'_>, (): ()) -> Result<String, Error> {
        let answer = client(call).run::<Self>(__FILE__::Variables)?;
        Ok(answer.data().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::testing::FakeHost;
    use connector_sdk::{Action, Connector};
    use serde_json::Value;

    use super::__TYPE__;
    use crate::tests::connection;

    #[test]
    fn the_result_is_the_answers_data() {
        let example = __TYPE__::OPERATION.example;
        let host = FakeHost::answering(&[&format!(r#"{{"data":{example}}}"#)]);
        let result = crate::__CONNECTOR__::perform(&host, "__KEY__", &connection(), "{}").unwrap();
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(parse(&result), parse(example));
    }
}
