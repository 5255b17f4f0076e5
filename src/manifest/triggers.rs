//! The one trigger: what was created and what was changed.

use super::{About, Choice, Input, Kind, Trigger};

/// Every trigger.
pub const TRIGGERS: &[Trigger] = &[POLL_CHANGES];

/// What the trigger can watch, by the value of `pollResourceType`.
pub const RESOURCE_TYPES: &[Choice] =
    &[Choice { value: "components", label: "Components" }, Choice { value: "changeOrders", label: "Change orders" }];

/// `pollChangesTrigger`
pub const POLL_CHANGES: Trigger = Trigger {
    about: About {
        key: "pollChangesTrigger",
        label: "New and updated records",
        description: "Starts the flow when components of the company library, or change orders, were created or \
                      changed. The first poll marks where counting begins and delivers nothing.",
        inputs: &[
            Input {
                required: true,
                default: Some(r#""components""#),
                example: Some(r#""changeOrders""#),
                choices: RESOURCE_TYPES,
                ..Input::new(
                    "pollResourceType",
                    "Watch",
                    Kind::Choice,
                    "What to watch. A flow that is switched over to the other kind must begin with a new state.",
                )
            },
            Input {
                default: Some("true"),
                example: Some("true"),
                ..Input::new(
                    "showNewRecords",
                    "Report new records",
                    Kind::Boolean,
                    "Whether the payload lists records that were created. What is created while this is off is not \
                     reported later.",
                )
            },
            Input {
                default: Some("true"),
                example: Some("true"),
                ..Input::new(
                    "showUpdatedRecords",
                    "Report updated records",
                    Kind::Boolean,
                    "Whether the payload lists records that existed before and were changed. What is changed while \
                     this is off is not reported later.",
                )
            },
        ],
        input_schema: include_str!("input_schemas/poll_changes.json"),
        result_schema: include_str!("schemas/poll_changes.json"),
        example_payload: include_str!("examples/poll_changes.json"),
    },
};
