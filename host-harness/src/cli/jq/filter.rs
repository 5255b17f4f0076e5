//! The process that runs an expression of the jq language, with the memory that it may have.

use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

use jaq_core::load::{Arena, Error as LoadError, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read, write};

/// The most memory that an expression may use with the result that it works on, in bytes.
pub(super) const MOST_MEMORY: u64 = 2 << 30;

/// The most seconds that it may compute. Whoever waits gives it up before.
const MOST_SECONDS: u64 = 40;

/// The exit status where the expression is wrong, or the values that it gives; what is wrong is on standard error.
pub(super) const WRONG: i32 = 5;

/// Runs the expression on each JSON value on standard input. `asked_by` is the process that waits for the result, where
/// there is one: this one ends with it.
pub(in crate::cli) fn run(expression: &str, asked_by: Option<u32>) -> ExitCode {
    bound();
    if !end_with(asked_by) {
        return ExitCode::from(u8::try_from(WRONG).unwrap_or(u8::MAX));
    }
    let mut json = Vec::new();
    let done = io::stdin().read_to_end(&mut json).map_err(|error| error.to_string());
    match done.and_then(|_| filter(expression, &json, &mut BufWriter::new(io::stdout().lock()))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            writeln!(io::stderr(), "{problem}").ok();
            ExitCode::from(u8::try_from(WRONG).unwrap_or(u8::MAX))
        }
    }
}

#[cfg(unix)]
fn bound() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    // Where a system has no such limit, that of time holds.
    setrlimit(Resource::As, limit(MOST_MEMORY)).ok();
    setrlimit(Resource::Cpu, limit(MOST_SECONDS)).ok();
    // What ends by the limit leaves nothing of the result behind.
    setrlimit(Resource::Core, limit(0)).ok();
}

#[cfg(not(unix))]
fn bound() {}

/// Whether whoever waits for the result is still there, so that this process is ended with it.
#[cfg(target_os = "linux")]
fn end_with(asked_by: Option<u32>) -> bool {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL)).ok();
    // It may have ended before the signal was asked for; then another process is the parent by now.
    let parent = getppid().map(|parent| parent.as_raw_nonzero().get().cast_unsigned());
    asked_by.is_none_or(|asked_by| parent == Some(asked_by))
}

#[cfg(not(target_os = "linux"))]
fn end_with(_asked_by: Option<u32>) -> bool {
    true
}

/// An expression that can be run.
type Compiled = jaq_core::Filter<data::JustLut<Val>>;

/// Reads an expression, and runs nothing. The error says what is wrong with it.
pub(super) fn compiled(expression: &str) -> Result<Compiled, String> {
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let modules = Loader::new(definitions).load(&arena, File { code: expression, path: () });
    let modules = modules.map_err(|errors| {
        let problems: Vec<String> = errors.into_iter().flat_map(|(_, error)| not_read(error)).collect();
        problems.join("; ")
    })?;
    Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
        let unknown = errors.into_iter().flat_map(|(_, unknown)| unknown);
        let unknown = unknown.map(|(name, what)| format!("there is no {} {name}", what.as_str()));
        unknown.collect::<Vec<String>>().join("; ")
    })
}

fn filter(expression: &str, json: &[u8], out: &mut impl Write) -> Result<(), String> {
    let compiled = compiled(expression)?;
    for input in read::parse_many(json) {
        let input = input.map_err(|error| format!("the result cannot be read: {error}"))?;
        let context = Ctx::<data::JustLut<Val>>::new(&compiled.lut, Vars::new([]));
        for value in compiled.id.run((context, input)).map(unwrap_valr) {
            let value = value.map_err(|error| error.to_string())?;
            let written = write::write(out, &write::Pp::default(), 0, &value).and_then(|()| out.write_all(b"\n"));
            written.map_err(|error| error.to_string())?;
        }
    }
    out.flush().map_err(|error| error.to_string())
}

/// Where an expression could not be read, and what was expected there.
fn not_read(error: LoadError<&str>) -> Vec<String> {
    let expected = |what: &str, at: &str| match at {
        "" => format!("{what} expected at the end"),
        at => format!("{what} expected at {:?}", host::text::cut(at, 60)),
    };
    match error {
        LoadError::Io(errors) => errors.into_iter().map(|(path, error)| format!("{path}: {error}")).collect(),
        LoadError::Lex(errors) => errors.into_iter().map(|(what, at)| expected(what.as_str(), at)).collect(),
        LoadError::Parse(errors) => errors.into_iter().map(|(what, at)| expected(what.as_str(), at)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(expression: &str, json: &str) -> Result<String, String> {
        let mut out = Vec::new();
        filter(expression, json.as_bytes(), &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn each_value_is_a_line_of_json() {
        let json = r#"{"data":[{"id":1.0,"n":"a\u001b"},{"id":2,"n":"b"}]}"#;
        assert_eq!(
            filtered(".data[]|{n,id}", json).unwrap(),
            "{\"n\":\"a\\u001b\",\"id\":1.0}\n{\"n\":\"b\",\"id\":2}\n"
        );
        assert_eq!(filtered(".data|map(.id)|add", json).unwrap(), "3.0\n");
        assert_eq!(filtered(".data[]|select(.id==2)|.n|test(\"^b\")", json).unwrap(), "true\n");
        assert_eq!(filtered("empty", json).unwrap(), "");
        assert_eq!(filtered(".a", "{\"a\":1}\n{\"a\":[2]}\n").unwrap(), "1\n[2]\n");
    }

    #[test]
    fn what_is_wrong_with_an_expression_is_said_by_the_place() {
        for (expression, expected) in [
            (".data[", "closing bracket expected at the end"),
            ("nosuch", "there is no filter nosuch"),
            ("$x", "there is no variable $x"),
            (".data | ", "expected at the end"),
            ("import \"x\" as x; 1", "x: "),
            (".data.x", "cannot index"),
        ] {
            let problem = filtered(expression, r#"{"data":[]}"#).unwrap_err();
            assert!(problem.contains(expected), "{expression}: {problem}");
        }
    }
}
