//! The scenarios of the conformance suite for servers: which apply to a server that is not the suite's own, and why the
//! others do not.

use anyhow::{Result, bail};

/// What becomes of a scenario.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// Every check of it must pass.
    Holds,
    /// Every check of it must pass but these, by their ids, each for its reason.
    HoldsBut(&'static [(&'static str, &'static str)]),
    /// It looks at what this server does not have, or is not to have.
    LeftOut(&'static str),
}

use Fate::{Holds, HoldsBut, LeftOut};

impl Fate {
    /// The checks that need not pass.
    pub(super) fn excused(self) -> &'static [(&'static str, &'static str)] {
        match self {
            HoldsBut(excused) => excused,
            Holds | LeftOut(_) => &[],
        }
    }
}

const NO_PROMPTS: &str = "the server has no prompts: a connector's manifest declares none";
const NO_LOGGING: &str = "the server sends no log to clients: its log is the operator's";
const NO_SAMPLING: &str = "the server asks no client for a model's words";
const NO_TASKS: &str = "an extension, of tasks, that the server does not have";
const NO_SKILLS: &str = "an extension, of skills, that the server does not have";
const OWN_RESOURCE: &str = "reads a resource of the suite's own server, below test://";
const OWN_TOOL_OF_INPUT: &str = "calls a tool test_input_required_result_… of the suite's own server; the Python \
                                 client looks at the same in what createChangeOrder asks, in \
                                 tests/mcp/python/asking.py";

/// All of them, in the suite's order.
const SCENARIOS: &[(&str, Fate)] = &[
    ("server-initialize", Holds),
    ("server-session-lifecycle", Holds),
    ("server-stateless", HoldsBut(STATELESS)),
    ("logging-set-level", LeftOut(NO_LOGGING)),
    ("ping", Holds),
    // Of a prompt that is not there nothing is proposed, which the suite takes for an answer.
    ("completion-complete", Holds),
    ("tools-list", Holds),
    ("tools-call-simple-text", LeftOut("calls the tool test_simple_text of the suite's own server")),
    ("tools-call-image", LeftOut("calls the tool test_image_content of the suite's own server")),
    ("tools-call-audio", LeftOut("calls the tool test_audio_content of the suite's own server")),
    ("tools-call-embedded-resource", LeftOut("calls the tool test_embedded_resource of the suite's own server")),
    ("tools-call-mixed-content", LeftOut("calls the tool test_multiple_content_types of the suite's own server")),
    ("tools-call-with-logging", LeftOut(NO_LOGGING)),
    // Its tool is not there, and a call of it fails as a call: that is what is looked at.
    ("tools-call-error", Holds),
    ("tools-call-with-progress", LeftOut("calls the tool test_tool_with_progress of the suite's own server")),
    ("tools-call-sampling", LeftOut(NO_SAMPLING)),
    ("tools-call-elicitation", LeftOut("calls the tool test_elicitation of the suite's own server")),
    ("json-schema-2020-12", LeftOut("looks at the tool json_schema_2020_12_tool of the suite's own server")),
    (
        "elicitation-sep1034-defaults",
        LeftOut("calls the tool test_elicitation_sep1034_defaults of the suite's own server"),
    ),
    ("server-sse-polling", LeftOut("calls the tool test_reconnection of the suite's own server")),
    ("server-sse-multiple-streams", Holds),
    ("elicitation-sep1330-enums", LeftOut("calls the tool test_elicitation_sep1330_enums of the suite's own server")),
    ("resources-list", Holds),
    ("resources-read-text", LeftOut(OWN_RESOURCE)),
    ("resources-read-binary", LeftOut(OWN_RESOURCE)),
    ("resources-templates-read", LeftOut(OWN_RESOURCE)),
    ("resources-subscribe", LeftOut(OWN_RESOURCE)),
    ("resources-unsubscribe", LeftOut(OWN_RESOURCE)),
    ("sep-2164-resource-not-found", Holds),
    ("sep-2640-skills-directory", LeftOut(NO_SKILLS)),
    ("sep-2640-skills-enumeration", LeftOut(NO_SKILLS)),
    ("sep-2640-skills-manifest", LeftOut(NO_SKILLS)),
    ("prompts-list", LeftOut(NO_PROMPTS)),
    ("prompts-get-simple", LeftOut(NO_PROMPTS)),
    ("prompts-get-with-args", LeftOut(NO_PROMPTS)),
    ("prompts-get-embedded-resource", LeftOut(NO_PROMPTS)),
    ("prompts-get-with-image", LeftOut(NO_PROMPTS)),
    ("dns-rebinding-protection", Holds),
    ("caching", HoldsBut(&[("sep-2549-prompts-list-caching-hints", NO_PROMPTS)])),
    ("http-header-validation", Holds),
    (
        "http-custom-header-server-validation",
        LeftOut("looks for a tool with inputs that are sent as headers, and there is none"),
    ),
    ("tasks-lifecycle", LeftOut(NO_TASKS)),
    ("tasks-capability-negotiation", LeftOut(NO_TASKS)),
    ("tasks-wire-fields", LeftOut(NO_TASKS)),
    ("tasks-request-state-removal", LeftOut(NO_TASKS)),
    ("tasks-mrtr-input", LeftOut(NO_TASKS)),
    ("tasks-request-headers", LeftOut(NO_TASKS)),
    ("tasks-dispatch-and-envelope", LeftOut(NO_TASKS)),
    ("tasks-status-notifications", LeftOut(NO_TASKS)),
    ("tasks-required-task-error", LeftOut(NO_TASKS)),
    ("tasks-mrtr-composition", LeftOut(NO_TASKS)),
    ("input-required-result-basic-elicitation", LeftOut(OWN_TOOL_OF_INPUT)),
    ("input-required-result-basic-sampling", LeftOut(NO_SAMPLING)),
    ("input-required-result-basic-list-roots", LeftOut("the server asks no client for its roots")),
    ("input-required-result-request-state", LeftOut(OWN_TOOL_OF_INPUT)),
    ("input-required-result-multiple-input-requests", LeftOut("the server asks one question at a time")),
    ("input-required-result-multi-round", LeftOut("the server asks one question a call")),
    ("input-required-result-missing-input-response", LeftOut(OWN_TOOL_OF_INPUT)),
    ("input-required-result-non-tool-request", LeftOut(NO_PROMPTS)),
    ("input-required-result-result-type", LeftOut(OWN_TOOL_OF_INPUT)),
    ("input-required-result-unsupported-methods", Holds),
    ("input-required-result-tampered-state", LeftOut(OWN_TOOL_OF_INPUT)),
    (
        "input-required-result-capability-check",
        LeftOut("the server asks for nothing but elicitation, and only where a client has it"),
    ),
    ("input-required-result-ignore-extra-params", LeftOut(OWN_TOOL_OF_INPUT)),
    ("input-required-result-validate-input", LeftOut(OWN_TOOL_OF_INPUT)),
];

/// What the suite can see of a server without sessions only with tools of its own.
const STATELESS: &[(&str, &str)] = &[
    (
        "sep-2575-server-rejects-undeclared-capability",
        "calls the tool test_missing_capability of the suite's own server: this one needs no capability of a client, \
         and does without the question where nobody can be asked",
    ),
    ("sep-2575-missing-capability-http-400", "the same"),
];

/// What becomes of a scenario; none for one that nobody has looked at.
pub(super) fn fate(scenario: &str) -> Option<Fate> {
    SCENARIOS.iter().find(|(name, _)| *name == scenario).map(|(_, fate)| *fate)
}

/// Fails where the suite has a scenario that is not in the table, or lacks one that is.
pub(super) fn check(scenarios: &[&str]) -> Result<()> {
    let unknown: Vec<&str> = scenarios.iter().copied().filter(|name| fate(name).is_none()).collect();
    let gone = SCENARIOS.iter().map(|(name, _)| *name).filter(|name| !scenarios.contains(name));
    let gone: Vec<&str> = gone.collect();
    if unknown.is_empty() && gone.is_empty() {
        return Ok(());
    }
    bail!(
        "xtask/src/mcp/table.rs is not of this conformance suite: it lacks {}, and names in vain {}",
        told(&unknown),
        told(&gone)
    )
}

fn told(names: &[&str]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{Fate, SCENARIOS, check, fate};

    #[test]
    fn every_scenario_stands_once_and_what_is_left_out_has_a_reason() {
        for (number, (name, fate)) in SCENARIOS.iter().enumerate() {
            assert!(!SCENARIOS[..number].iter().any(|(other, _)| other == name), "{name}");
            if let Fate::LeftOut(reason) = fate {
                assert!(reason.len() > 20, "{name}");
            }
            assert!(fate.excused().iter().all(|(id, reason)| !id.is_empty() && !reason.is_empty()), "{name}");
        }
    }

    #[test]
    fn a_scenario_that_is_new_or_gone_is_named() {
        let mut names: Vec<&str> = SCENARIOS.iter().map(|(name, _)| *name).collect();
        assert!(check(&names).is_ok());
        names.push("server-flies");
        let error = check(&names).unwrap_err().to_string();
        assert!(error.contains("lacks server-flies") && fate("server-flies").is_none(), "{error}");
        names.retain(|name| *name != "ping");
        assert!(check(&names).unwrap_err().to_string().contains("in vain ping"));
    }
}
