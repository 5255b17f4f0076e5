//! What is wrong with the inputs of a call, in the words of the manifest. Pure.

use host::contract::{ConnectorDefinition, InputField, InputProblem};

use crate::operation::Operation;
use crate::suggest::{did_you_mean, nearest};

/// Whoever gives more unknown inputs has not misspelt them.
const MOST_SUGGESTIONS: usize = 20;

/// Each problem with the label of its input or field, on a line of its own where there are several; with the input, or
/// the choice, that a misspelt one was probably meant to be. `given` tells what an input was.
pub(crate) fn by_label(
    problems: &[InputProblem],
    definition: &ConnectorDefinition,
    operation: Option<Operation<'_>>,
    given: &dyn Fn(&str) -> Option<String>,
) -> String {
    let inputs = operation.map(Operation::inputs).unwrap_or_default().iter();
    let fields = definition.connections.iter().flat_map(|kind| &kind.fields).map(|field| &field.input);
    let declared: Vec<&InputField> = inputs.chain(fields).collect();
    let lines = problems.iter().enumerate().map(|(index, problem)| {
        let input = declared.iter().find(|input| input.key == problem.input);
        let name = match input {
            Some(input) if !input.label.is_empty() && input.label != input.key => {
                format!("{} ({})", input.label, input.key)
            }
            _ => problem.input.clone(),
        };
        let meant = match input {
            Some(input) => {
                let choice = given(&input.key).and_then(|given| chosen(input, &given));
                choice.map_or_else(String::new, |choice| format!("; did you mean {choice}?"))
            }
            // Connectors on the SDK say it themselves.
            None if index >= MOST_SUGGESTIONS || problem.message.contains("did you mean") => String::new(),
            None => did_you_mean(&problem.input, declared.iter().map(|input| input.key.as_str())),
        };
        format!("{name}: {}{meant}", problem.message)
    });
    let lines: Vec<String> = lines.collect();
    match lines.as_slice() {
        [only] => only.clone(),
        lines => format!("\n{}", lines.join("\n")),
    }
}

/// The choice that a misspelt one was probably meant to be.
fn chosen<'d>(input: &'d InputField, given: &str) -> Option<&'d str> {
    let choices = || input.choices.iter().map(|choice| choice.value.as_str());
    nearest(given, choices()).filter(|_| !choices().any(|choice| choice == given))
}
