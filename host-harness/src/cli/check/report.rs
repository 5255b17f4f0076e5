//! What `harness check` prints, in each of its formats, and how it ends.

use serde::Serialize;

use crate::check::{Done, Verdict};
use crate::cli::command_error::CommandError;
use crate::cli::format::Format;
use crate::cli::output;

/// What was checked, as far as it says what it is: a component that is not loaded says nothing.
#[derive(Default)]
pub(super) struct Checked<'a> {
    pub(super) connector: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) contract: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    connector: Option<&'a str>,
    version: Option<&'a str>,
    contract: Option<&'a str>,
    checks: &'a [Done],
}

/// Prints a check as soon as it is done, where that is how they are printed.
pub(super) fn each(format: Format, done: &Done) -> Result<(), CommandError> {
    if format == Format::Table {
        output::text_line(&line(done))?;
    }
    Ok(())
}

/// Prints all of them, where they are printed together. `name` is what a component is called that does not say it.
pub(super) fn all(format: Format, checked: &Checked<'_>, name: &str, checks: &[Done]) -> Result<(), CommandError> {
    let Checked { connector, version, contract } = *checked;
    match format {
        Format::Table => {}
        Format::Junit => output::text_line(&junit(connector.unwrap_or(name), checks))?,
        _ => output::json(&Report { connector, version, contract, checks })?,
    }
    Ok(())
}

/// How the command ends. Where it is strict, what could not be tried counts as failed.
pub(super) fn end(checks: &[Done], is_strict: bool) -> Result<(), CommandError> {
    let names = |is: fn(&Verdict) -> bool| -> Vec<&str> {
        checks.iter().filter(|done| is(&done.verdict)).map(|done| done.check).collect()
    };
    let failed = names(Verdict::is_failed);
    let untried = names(|verdict| matches!(verdict, Verdict::NotChecked { .. }));
    let counts = is_strict && !untried.is_empty();
    let left_out = match untried.len() {
        0 => String::new(),
        count if counts => {
            format!("{count} could not be tried, which --strict counts as failed: {}", untried.join(", "))
        }
        count => format!("{count} could not be tried"),
    };
    let after = |text: String| if left_out.is_empty() { text } else { format!("{text}; {left_out}") };
    let all = checks.len();
    if !failed.is_empty() {
        let text = format!("{} of {all} checks do not hold: {}", failed.len(), failed.join(", "));
        return Err(CommandError::Found(after(text)));
    }
    let held = after(format!("{} of {all} checks hold", all - untried.len()));
    if counts {
        return Err(CommandError::Found(held));
    }
    output::message(&format!("{held}."));
    Ok(())
}

/// A check in a line, and a line for each thing that was found.
fn line(done: &Done) -> String {
    let rule = done.rule;
    match &done.verdict {
        Verdict::Passed { tried } => format!("ok      {:<17} {rule} ({tried})", done.check),
        Verdict::NotChecked { why } => format!("not     {:<17} {rule}: {}", done.check, output::one_line(why)),
        Verdict::Failed { problems } => {
            let mut text = format!("FAILED  {:<17} {rule}", done.check);
            for problem in problems {
                text.push_str(&format!("\n          - {}", output::one_line(problem)));
            }
            if let Some(way_out) = done.way_out {
                text.push_str(&format!("\n          Way out: {way_out}"));
            }
            text
        }
    }
}

/// The results as JUnit writes them.
fn junit(connector: &str, checks: &[Done]) -> String {
    let count = |is: fn(&Verdict) -> bool| checks.iter().filter(|done| is(&done.verdict)).count();
    let failures = count(Verdict::is_failed);
    let skipped = count(|verdict| matches!(verdict, Verdict::NotChecked { .. }));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" \
         skipped=\"{skipped}\">\n",
        xml(connector),
        checks.len()
    );
    for done in checks {
        let name = format!("  <testcase classname=\"{}\" name=\"{}\"", xml(connector), xml(done.check));
        let within = match &done.verdict {
            Verdict::Passed { .. } => {
                text.push_str(&format!("{name}/>\n"));
                continue;
            }
            Verdict::NotChecked { why } => format!("<skipped message=\"{}\"/>", xml(why)),
            Verdict::Failed { problems } => {
                let way_out = done.way_out.unwrap_or_default();
                format!(
                    "<failure message=\"{}\">{}\nWay out: {}</failure>",
                    xml(done.rule),
                    xml(&problems.join("\n")),
                    xml(way_out)
                )
            }
        };
        text.push_str(&format!("{name}>{within}</testcase>\n"));
    }
    text + "</testsuite>"
}

/// Text within XML 1.0, which has no place for most control characters.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}')
            }
            character => escaped.push(character),
        }
    }
    escaped
}
