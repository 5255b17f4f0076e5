//! The seven actions.

use super::{About, Action, Choice, Input, Kind};

/// Every action, in the order to show them.
pub const ACTIONS: &[Action] = &[
    CREATE_CHANGE_ORDER,
    GET_COMPONENT_BY_ID,
    GET_CURRENT_USER,
    LIST_CHANGE_ORDERS,
    LIST_COMPANY_USERS,
    LIST_COMPONENTS,
    RAW_REQUEST,
];

/// How many items of a list one action can ask for.
const FIRST: Input = Input {
    default: Some("100"),
    example: Some("250"),
    placeholder: Some("100"),
    ..Input::new(
        "first",
        "Number of items",
        Kind::Number,
        "How many items to get, from 1 to 10,000; 100 when left blank. More than 100 are fetched page by page. You get \
         fewer when there are no more.",
    )
};

/// The libraries of parts.
pub const LIBRARIES: &[Choice] =
    &[Choice { value: "GENERAL", label: "Company library" }, Choice { value: "PERSONAL", label: "Personal sandbox" }];

/// The types of change orders.
pub const CHANGE_ORDER_TYPES: &[Choice] = &[
    Choice { value: "ECO", label: "Engineering change order (ECO)" },
    Choice { value: "MCO", label: "Manufacturing change order (MCO)" },
    Choice { value: "DCO", label: "Document change order (DCO)" },
];

/// Which library of parts to look in.
pub(super) const LIBRARY_TYPE: Input = Input {
    default: Some(r#""GENERAL""#),
    example: Some(r#""GENERAL""#),
    choices: LIBRARIES,
    ..Input::new(
        "libraryType",
        "Library",
        Kind::Choice,
        "The company library holds the parts everyone shares; the sandbox holds those of the API key's owner.",
    )
};

/// `createChangeOrder`
pub const CREATE_CHANGE_ORDER: Action = Action {
    about: About {
        key: "createChangeOrder",
        label: "Create change order",
        description: "Creates a change order. It starts as a draft, which its owner completes in Duro.",
        inputs: &[
            Input {
                required: true,
                example: Some(r#""Replace the M3 screws by captive ones""#),
                ..Input::new("name", "Name", Kind::Text, "The change order's title, as it will stand in Duro's lists.")
            },
            Input {
                example: Some(r#""Field reports show lost screws.""#),
                ..Input::new(
                    "description",
                    "Description",
                    Kind::MultiLine,
                    "Why the change is wanted and what it covers.",
                )
            },
            Input {
                default: Some(r#""ECO""#),
                example: Some(r#""ECO""#),
                choices: CHANGE_ORDER_TYPES,
                ..Input::new("type", "Type", Kind::Choice, "What kind of change it is.")
            },
        ],
        input_schema: include_str!("input_schemas/create_change_order.json"),
        result_schema: include_str!("schemas/create_change_order.json"),
        example_payload: include_str!("examples/create_change_order.json"),
    },
    changes_data: true,
};

/// `getComponentById`
pub const GET_COMPONENT_BY_ID: Action = Action {
    about: About {
        key: "getComponentById",
        label: "Get component",
        description: "Gets everything Duro knows about one part or assembly, with its direct children.",
        inputs: &[Input {
            required: true,
            example: Some(r#""60c8d5f0a1b2c3d4e5f60718""#),
            placeholder: Some("60c8d5f0a1b2c3d4e5f60718"),
            data_source: Some("selectComponent"),
            ..Input::new(
                "componentId",
                "Component",
                Kind::Text,
                "The id of the component, 24 hexadecimal digits; pick it from the list, or take it from an earlier step.",
            )
        }],
        input_schema: include_str!("input_schemas/get_component_by_id.json"),
        result_schema: include_str!("schemas/get_component_by_id.json"),
        example_payload: include_str!("examples/get_component_by_id.json"),
    },
    changes_data: false,
};

/// `getCurrentUser`
pub const GET_CURRENT_USER: Action = Action {
    about: About {
        key: "getCurrentUser",
        label: "Get current user",
        description: "Gets the user that the API key belongs to, and the user's company.",
        inputs: &[],
        input_schema: include_str!("input_schemas/get_current_user.json"),
        result_schema: include_str!("schemas/get_current_user.json"),
        example_payload: include_str!("examples/get_current_user.json"),
    },
    changes_data: false,
};

/// `listChangeOrders`
pub const LIST_CHANGE_ORDERS: Action = Action {
    about: About {
        key: "listChangeOrders",
        label: "List change orders",
        description: "Lists change orders in the order you choose.",
        inputs: &[
            Input {
                default: Some(r#""{\"lastModified\":\"desc\"}""#),
                example: Some(r#""{\"lastModified\":\"desc\"}""#),
                choices: &[
                    Choice { value: r#"{"con":"asc"}"#, label: "Number, lowest first" },
                    Choice { value: r#"{"con":"desc"}"#, label: "Number, highest first" },
                    Choice { value: r#"{"lastModified":"asc"}"#, label: "Last change, oldest first" },
                    Choice { value: r#"{"lastModified":"desc"}"#, label: "Last change, newest first" },
                    Choice { value: r#"{"name":"asc"}"#, label: "Name, A to Z" },
                    Choice { value: r#"{"name":"desc"}"#, label: "Name, Z to A" },
                ],
                ..Input::new(
                    "orderBy",
                    "Order",
                    Kind::Choice,
                    "Which change orders come first. As JSON it is {field: direction}, or a list of these where the \
                     first decides and the next breaks ties; field is con, lastModified or name, direction asc or desc.",
                )
            },
            FIRST,
        ],
        input_schema: include_str!("input_schemas/list_change_orders.json"),
        result_schema: include_str!("schemas/list_change_orders.json"),
        example_payload: include_str!("examples/list_change_orders.json"),
    },
    changes_data: false,
};

/// `listCompanyUsers`
pub const LIST_COMPANY_USERS: Action = Action {
    about: About {
        key: "listCompanyUsers",
        label: "List company users",
        description: "Lists the users of the company that the API key's owner belongs to.",
        inputs: &[],
        input_schema: include_str!("input_schemas/list_company_users.json"),
        result_schema: include_str!("schemas/list_company_users.json"),
        example_payload: include_str!("examples/list_company_users.json"),
    },
    changes_data: false,
};

/// `listComponents`
pub const LIST_COMPONENTS: Action = Action {
    about: About {
        key: "listComponents",
        label: "List components",
        description: "Lists the parts and assemblies of a library.",
        inputs: &[LIBRARY_TYPE, FIRST],
        input_schema: include_str!("input_schemas/list_components.json"),
        result_schema: include_str!("schemas/list_components.json"),
        example_payload: include_str!("examples/list_components.json"),
    },
    changes_data: false,
};

/// `rawRequest`
pub const RAW_REQUEST: Action = Action {
    about: About {
        key: "rawRequest",
        label: "Raw request",
        description: "Sends a GraphQL document of your own to Duro and gives its data. It is sent once, never again by \
                      itself, because it may change something.",
        inputs: &[
            Input {
                required: true,
                default: Some(
                    r#""query {\n  userById {\n    id\n    email\n    primaryCompany {\n      id\n      name\n    }\n  }\n}\n""#,
                ),
                example: Some(r#""query ($ids: [ID]) {\n  componentsByIds(ids: $ids) {\n    id\n    name\n  }\n}\n""#),
                ..Input::new(
                    "query",
                    "Query or mutation",
                    Kind::Code("graphql"),
                    "A GraphQL document with one query or mutation.",
                )
            },
            Input {
                example: Some(r#"[{"key":"name","value":"Bracket"}]"#),
                ..Input::new(
                    "variables",
                    "Variables",
                    Kind::KeyValueList,
                    "The document's variables, one a row, all of them text. For numbers, lists and objects use the JSON \
                     below.",
                )
            },
            Input {
                example: Some(r#"{"ids":["60c8d5f0a1b2c3d4e5f60718"]}"#),
                placeholder: Some(r#"{"ids": ["60c8d5f0a1b2c3d4e5f60718"]}"#),
                ..Input::new(
                    "variablesObject",
                    "Variables as JSON",
                    Kind::Code("json"),
                    "A JSON object of variables. A variable that is named here and above takes its value from here.",
                )
            },
        ],
        input_schema: include_str!("input_schemas/raw_request.json"),
        result_schema: include_str!("schemas/raw_request.json"),
        example_payload: include_str!("examples/raw_request.json"),
    },
    changes_data: true,
};
