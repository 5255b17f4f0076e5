//! The control of an input, by its kind: with its label, help, example and a place for what is wrong with it.

use host::contract::{DataSourceDefinition, InputField, InputKind};
use maud::{Markup, html};
use serde_json::Value;

use super::segment;
use crate::ui::forms::{Typed, Values};

/// What a form's controls need to know of its surroundings.
pub(super) struct Form<'a> {
    /// Precedes the ids of its controls.
    pub(super) id: &'a str,
    /// What was typed before.
    pub(super) values: &'a Values,
    /// The connector's data sources.
    pub(super) sources: &'a [DataSourceDefinition],
    /// Where its operation is, `actions/KEY`; none of a form without schemas.
    pub(super) place: Option<&'a str>,
    /// The fields that another one can win over.
    pub(super) overridden: &'a [Overridden<'a>],
}

/// A field whose value does not count where another one is filled in.
pub(super) struct Overridden<'a> {
    pub(super) key: &'a str,
    /// The label of the field that wins.
    pub(super) by: &'a str,
    /// Whether it is filled in.
    pub(super) is_overridden: bool,
}

impl Form<'_> {
    /// One input with all that belongs to it.
    pub(super) fn field(&self, input: &InputField) -> Markup {
        self.labelled(input, None)
    }

    /// A secret: never filled in, and `held` says whether there is one.
    pub(super) fn secret(&self, input: &InputField, held: bool) -> Markup {
        self.labelled(input, Some(held))
    }

    fn labelled(&self, input: &InputField, secret: Option<bool>) -> Markup {
        let id = format!("{}-{}", self.id, input.key);
        let kind = kind_name(&input.kind);
        let source = input.data_source.as_ref().and_then(|key| self.sources.iter().find(|source| source.key == *key));
        let is_group = input.kind == InputKind::KeyValueList;
        let required = input.required && input.default.is_none() && secret != Some(true);
        html! {
            div .field data-input=(input.key) data-kind=(kind) data-boolean[input.kind == InputKind::Boolean] {
                @if is_group {
                    p .label id={ (id) "-label" } { (input.label) (mark(required)) }
                } @else {
                    label .label for=(id) id={ (id) "-label" } { (input.label) (mark(required)) }
                }
                @if let Some(held) = secret {
                    (password(&id, input, held))
                } @else if let Some(source) = source {
                    (self.picker(&id, input, source))
                } @else {
                    (self.control(&id, input))
                }
                @if let Some(mark) = self.overridden.iter().find(|mark| mark.key == input.key) {
                    p .overridden data-overridden=(mark.key) hidden[!mark.is_overridden] { "Not used: " (mark.by) " is filled in, and wins." }
                }
                p .problem id={ (id) "-problem" } hidden {}
                p .help id={ (id) "-help" } { (input.help) }
                @if secret.is_none() { (example(input)) }
            }
        }
    }

    fn typed(&self, input: &InputField) -> Option<&Typed> {
        self.values.get(&input.key)
    }

    /// What the control shows at first: what was typed, else the default.
    fn text(&self, input: &InputField) -> String {
        match (self.typed(input), &input.default) {
            (Some(typed), _) => typed.text().to_owned(),
            (None, Some(default)) => as_text(default),
            (None, None) => String::new(),
        }
    }

    fn control(&self, id: &str, input: &InputField) -> Markup {
        let described = format!("{id}-problem {id}-help");
        let placeholder = input.placeholder.as_deref();
        let required = (input.required && input.default.is_none()).then_some("true");
        let text = self.text(input);
        if !input.choices.is_empty() {
            let optional = !input.required && input.default.is_none();
            let is_known = text.is_empty() || input.choices.iter().any(|choice| choice.value == text);
            return html! {
                select id=(id) aria-describedby=(described) aria-required=[required] data-value {
                    @if optional { option value="" { "Not set" } }
                    @for choice in &input.choices {
                        option value=(choice.value) selected[choice.value == text] { (choice.label) }
                    }
                    @if !is_known { option value=(text) selected { (text) } }
                }
            };
        }
        match &input.kind {
            InputKind::MultiLine => html! {
                textarea id=(id) rows="4" aria-describedby=(described) aria-required=[required] placeholder=[placeholder] data-value { (text) }
            },
            InputKind::Code(language) => html! {
                div .code-frame {
                    textarea .code id=(id) rows=(rows(&text)) aria-describedby=(described) aria-required=[required] placeholder=[placeholder]
                        spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off" data-value data-language=(language)
                        data-schema=[self.place.map(|place| format!("/schemas/{place}/{}", segment(&input.key)))] { (text) }
                    span .code-language aria-hidden="true" { (language) }
                }
            },
            InputKind::Boolean => html! {
                span .switch {
                    input type="checkbox" role="switch" id=(id) aria-describedby=(described) checked[text == "true"] data-value;
                }
            },
            InputKind::KeyValueList => self.pairs(id, input),
            kind => {
                let (inputmode, kind) = match kind {
                    InputKind::Number => (Some("decimal"), "text"),
                    InputKind::EndpointUrl => (Some("url"), "text"),
                    InputKind::Password => (None, "password"),
                    _ => (None, "text"),
                };
                html! {
                    input id=(id) type=(kind) inputmode=[inputmode] value=(text) aria-describedby=(described) aria-required=[required]
                        placeholder=[placeholder] autocomplete="off" spellcheck="false" data-value;
                }
            }
        }
    }

    fn pairs(&self, id: &str, input: &InputField) -> Markup {
        let pairs: Vec<(String, String)> = match (self.typed(input), &input.default) {
            (Some(Typed::Pairs(pairs)), _) => pairs.clone(),
            (None, Some(default)) => default_pairs(default),
            _ => Vec::new(),
        };
        let row = |key: &str, value: &str| {
            html! {
                li {
                    input type="text" aria-label="Name" placeholder="Name" value=(key) autocomplete="off" spellcheck="false" data-pair-key;
                    input type="text" aria-label="Value" placeholder="Value" value=(value) autocomplete="off" spellcheck="false" data-pair-value;
                    button .plain .remove type="button" data-remove-pair aria-label="Remove this row" title="Remove this row" { "×" }
                }
            }
        };
        html! {
            div .pairs role="group" id=(id) aria-labelledby={ (id) "-label" } aria-describedby={ (id) "-problem " (id) "-help" } tabindex="-1" {
                ul { @for (key, value) in &pairs { (row(key, value)) } }
                template { (row("", "")) }
                button .small type="button" data-add-pair { "Add a row" }
            }
        }
    }

    /// The searchable dropdown: a text field with a list that the data source fills.
    fn picker(&self, id: &str, input: &InputField, source: &DataSourceDefinition) -> Markup {
        let (value, label) = match self.typed(input) {
            Some(Typed::Picked { value, label }) => (value.clone(), label.clone()),
            _ => (self.text(input), self.text(input)),
        };
        let nothing = Values::new();
        let inner = Form { id: &format!("{id}-source"), values: &nothing, sources: &[], place: None, overridden: &[] };
        html! {
            div .picker data-picker=(format!("/data-sources/{}", segment(&source.key))) data-searchable=(source.searchable) {
                @if !source.inputs.is_empty() {
                    div .source-inputs data-source-inputs {
                        @for input in &source.inputs {
                            div data-input=(input.key) data-kind=(kind_name(&input.kind)) {
                                label for={ (id) "-source-" (input.key) } { (input.label) }
                                (inner.control(&format!("{id}-source-{}", input.key), input))
                                p .visually-hidden id={ (id) "-source-" (input.key) "-problem" } {}
                                p .visually-hidden id={ (id) "-source-" (input.key) "-help" } { (input.help) }
                            }
                        }
                    }
                }
                div .combo {
                    input id=(id) type="text" role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls={ (id) "-list" }
                        aria-describedby={ (id) "-chosen " (id) "-problem " (id) "-help" }
                        aria-required=[(input.required && input.default.is_none()).then_some("true")]
                        placeholder=(if source.searchable { "Search, or enter a value" } else { "Choose, or enter a value" })
                        value=(label) autocomplete="off" spellcheck="false" data-value data-picked=[(value != label).then_some(value.as_str())];
                    button .plain .open type="button" tabindex="-1" aria-label={ "Show the list of " (source.label) } { span aria-hidden="true" { "▾" } }
                }
                div .popup hidden {
                    ul id={ (id) "-list" } role="listbox" aria-label=(source.label) {}
                    p .popup-note role="status" {}
                    p .popup-note .progress data-progress hidden {}
                }
                p .chosen id={ (id) "-chosen" } hidden[value == label] { "Sends " code { (value) } }
            }
        }
    }
}

fn mark(required: bool) -> Markup {
    html! { @if required { span .required { "required" } } }
}

/// The name of a kind for the script and the style.
fn kind_name(kind: &InputKind) -> &str {
    match kind {
        InputKind::Boolean => "boolean",
        InputKind::Code(_) => "code",
        InputKind::KeyValueList => "pairs",
        InputKind::Number => "number",
        _ => "text",
    }
}

fn password(id: &str, input: &InputField, held: bool) -> Markup {
    let placeholder = if held { Some("Held; leave blank to keep it") } else { input.placeholder.as_deref() };
    html! {
        input id=(id) type="password" aria-describedby={ (id) "-problem " (id) "-help" }
            aria-required=[(input.required && !held).then_some("true")] placeholder=[placeholder]
            autocomplete="off" spellcheck="false" data-value data-secret;
    }
}

fn example(input: &InputField) -> Markup {
    let shown = input.example.as_ref().filter(|_| input.choices.is_empty() && input.kind != InputKind::Boolean);
    html! {
        @if let Some(example) = shown {
            @let text = match input.kind {
                InputKind::KeyValueList => pairs_as_text(example),
                _ => as_text(example),
            };
            @if text.contains('\n') {
                details .example { summary { "Example" } pre { (text) } }
            } @else {
                p .example { "Example: " code { (text) } }
            }
        }
    }
}

/// A JSON value as it is typed into a control: text without its quotes.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn default_pairs(default: &Value) -> Vec<(String, String)> {
    match default {
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), as_text(value))).collect(),
        Value::Array(rows) => {
            let part = |row: &Value, name: &str| row.get(name).map(as_text).unwrap_or_default();
            rows.iter().map(|row| (part(row, "key"), part(row, "value"))).collect()
        }
        _ => Vec::new(),
    }
}

fn pairs_as_text(example: &Value) -> String {
    default_pairs(example).iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
}

fn rows(text: &str) -> usize {
    text.lines().count().clamp(4, 16)
}
