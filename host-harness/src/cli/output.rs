//! Writes results to standard output and messages to standard error, and nothing the other way round. Everything that
//! any command prints goes through here: JSON through one writer, text for people through one function. Neither shows
//! what came from the environment, and neither holds anything that a terminal would obey or that could pass for a line
//! of its own.

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use host::contract::RecordList;
use host::text::cut_long;
use serde::Serialize;

use super::colours::{self, JsonColours};
use super::format::Format;
use super::hidden::{Hidden, Scrubber};
use super::output_file::OutputFile;
use super::records::Records;
pub(super) use super::shown::one_line;
use super::table::{LeftOut, Room};
use super::{shown, table};
use crate::json_writer::{JsonWriter, Layout};

/// A longer message is cut: what is in it is also in the JSON on standard output, and nobody reads so much of it in a
/// terminal.
const LONGEST_MESSAGE: usize = 64 * 1024;

/// What is to be shown nowhere. Of the process and not of a call, because errors and the words of a panic are printed
/// by whoever has them.
static HIDDEN: OnceLock<Hidden> = OnceLock::new();

/// Hides these values in all that is printed from now on. A command reads one connection file, and calls this once.
pub(super) fn hide(hidden: Hidden) {
    HIDDEN.set(hidden).ok();
}

fn hidden() -> Option<&'static Hidden> {
    HIDDEN.get().filter(|hidden| !hidden.is_empty())
}

/// Where results go in place of standard output. Of the process, as what is hidden is: a command prints to one place.
static FILE: Mutex<Option<OutputFile>> = Mutex::new(None);

/// Whether nothing but warnings and errors is said.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Prints results to this file from now on, and not to standard output. Fails where it cannot be written.
pub(super) fn to_file(path: &Path) -> io::Result<()> {
    let file = OutputFile::open(path)?;
    *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
    Ok(())
}

/// The same, after what is in the file.
pub(super) fn to_end_of_file(path: &Path) -> io::Result<()> {
    let file = OutputFile::append(path)?;
    *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
    Ok(())
}

/// The file that results go to.
pub(super) fn file() -> Option<PathBuf> {
    FILE.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|file| file.path().to_owned())
}

/// Has what was printed to a file outlast the machine: whoever goes on from here does not print it again.
pub(super) fn settle() -> io::Result<()> {
    FILE.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(Ok(()), OutputFile::settle)
}

/// Lets go of the file that results go to: one that no result was written to leaves nothing behind.
pub(super) fn close_file() {
    FILE.lock().unwrap_or_else(PoisonError::into_inner).take();
}

/// Says nothing but warnings and errors from now on.
pub(super) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Whether nothing but warnings and errors is said.
pub(super) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Whether a person reads results where they are printed.
pub(super) fn is_for_person() -> bool {
    io::stdout().is_terminal() && FILE.lock().unwrap_or_else(PoisonError::into_inner).is_none()
}

/// How wide a line may be where results are printed; none where no person reads it.
pub(super) fn width() -> Option<usize> {
    is_for_person().then(|| usize::from(console::Term::stdout().size().1))
}

/// Has a result written to where results go, all of it. Flushed, so that what follows can rely on it.
fn print<R>(write: impl FnOnce(&mut dyn Write) -> io::Result<R>) -> io::Result<R> {
    let mut file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(file) = file.as_mut() {
        return file.add(write);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let result = write(&mut out)?;
    out.flush()?;
    Ok(result)
}

/// Prints a result as JSON: indented on a terminal, one line for a program.
pub(super) fn json<T: Serialize>(value: &T) -> io::Result<()> {
    print_json(value, if is_for_person() { Layout::Indented } else { Layout::Compact })
}

/// Prints a result as JSON on standard output, whatever file results go to.
pub(super) fn json_on_standard_output<T: Serialize>(value: &T) -> io::Result<()> {
    let mut out = write_json(value, Layout::Compact, BufWriter::new(io::stdout().lock()))?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Prints a result that is nothing: a file that results go to is there, and empty.
pub(super) fn nothing() -> io::Result<()> {
    print(|_| Ok(()))
}

/// Prints an error as JSON on standard output, whatever file results go to; nothing to a person who reads both and has
/// been told already. Indented or not as a result would be.
pub(super) fn error<T: Serialize>(value: &T) -> io::Result<()> {
    print_error(value, if io::stdout().is_terminal() { Layout::Indented } else { Layout::Compact })
}

/// The same on one line, among lines of results.
pub(super) fn error_line<T: Serialize>(value: &T) -> io::Result<()> {
    print_error(value, Layout::Compact)
}

fn print_error<T: Serialize>(value: &T, layout: Layout) -> io::Result<()> {
    if io::stdout().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    let mut out = write_json(value, layout, BufWriter::new(io::stdout().lock()))?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Prints a value as one line of JSON.
pub(super) fn json_line<T: Serialize>(value: &T) -> io::Result<()> {
    print_json(value, Layout::Compact)
}

/// Prints a document that is kept in a file: indented wherever it goes.
pub(super) fn json_document<T: Serialize>(value: &T) -> io::Result<()> {
    print_json(value, Layout::Indented)
}

/// Writes a document into a file of its own, beside what results are printed.
pub(super) fn json_into<T: Serialize>(file: &mut OutputFile, value: &T) -> io::Result<()> {
    file.add(|out| {
        let out = write_json(value, Layout::Indented, out)?;
        out.write_all(b"\n")
    })
}

fn print_json<T: Serialize>(value: &T, layout: Layout) -> io::Result<()> {
    let is_coloured = layout == Layout::Indented && is_for_person() && colours::on_standard_output();
    print(|out| {
        let coloured = write_json(value, layout, JsonColours::new(out, is_coloured))?;
        coloured.into_inner().write_all(b"\n")
    })
}

/// A value as the JSON that is printed of it, on one line: without what is shown nowhere.
pub(super) fn compact<T: Serialize>(value: &T) -> io::Result<String> {
    String::from_utf8(write_json(value, Layout::Compact, Vec::new())?).map_err(io::Error::other)
}

/// The one way from a value to JSON that is printed. Gives back what was written to.
fn write_json<T: Serialize, W: Write>(value: &T, layout: Layout, out: W) -> io::Result<W> {
    let mut writer = JsonWriter::new(out, layout);
    let Some(hidden) = hidden() else {
        serde_json::to_writer(&mut writer, value)?;
        return Ok(writer.into_inner());
    };
    let mut scrubber = Scrubber::new(hidden, writer);
    serde_json::to_writer(&mut scrubber, value)?;
    let (writer, found) = scrubber.finish()?;
    if found {
        note_hidden();
    }
    Ok(writer.into_inner())
}

/// Says once that a result is not as it came: a value that looks like any other may be needed as it was.
fn note_hidden() {
    static NOTED: AtomicBool = AtomicBool::new(false);
    if !NOTED.swap(true, Ordering::Relaxed) {
        message("note: what the connection file reads from the environment stands as [redacted] in the output");
    }
}

/// Prints a value as a table, or as lines of text, for people: with these columns alone, if any are named. What there
/// was no room for is said on standard error, and given back.
pub(super) fn table<T: Serialize>(value: &T, columns: &[String]) -> io::Result<LeftOut> {
    let json = compact(value)?;
    let room = Room {
        // A pipe has no width: what reads it sees all that a table holds.
        width: width(),
        is_coloured: is_for_person() && colours::on_standard_output(),
    };
    let left_out = print(|out| match columns {
        [] => table::write(&json, room, out),
        columns => table::write(&Records::of(&json).picked(columns)?, room, out),
    })?;
    if !left_out.is_nothing() {
        message(&format!(
            "note: not shown: {left_out}; --format json shows all, --columns NAME,NAME the ones you want"
        ));
    }
    Ok(left_out)
}

/// Prints the records of a value, one a line; those of several lists, where their names and ways are given, with the
/// list's name. With these columns alone, if any are named.
pub(super) fn records<T: Serialize>(
    value: &T,
    format: Format,
    lists: &[RecordList],
    columns: &[String],
) -> io::Result<()> {
    let json = compact(value)?;
    let records = match crate::records::found(&json, lists).filter(|_| !lists.is_empty()) {
        Some(lists) => Records::of_lists(lists.into_iter()),
        None => Records::of(&json),
    };
    let picked = if columns.is_empty() { None } else { Some(records.picked(columns)?) };
    let records = picked.as_deref().map_or(records, Records::of);
    let for_person = is_for_person();
    print(|out| match format {
        Format::Csv => records.write_csv(for_person, u64::MAX, out),
        _ => records.write_lines(out),
    })?;
    if let Some(reasons) = super::records::left_out(&json) {
        message(&format!("warning: not all of it: {reasons}"));
    }
    Ok(())
}

/// Prints text for people and a line break.
pub(super) fn text_line(text: &str) -> io::Result<()> {
    let text = for_people(text);
    print(|out| writeln!(out, "{text}"))
}

/// Prints a text alone: as it is for a program, and for a person without what a terminal would obey.
pub(super) fn bare_line(text: &str) -> io::Result<()> {
    let text = scrubbed(text);
    let text = if is_for_person() { shown::lines(&text) } else { Cow::Borrowed(&*text) };
    print(|out| writeln!(out, "{text}"))
}

/// Says something to people. A closed standard error is no reason to stop. Words of a component or a service may be in
/// it: further lines are set in, so that none of them can pass for a message of its own.
pub(super) fn message(text: &str) {
    let is_urgent = text.starts_with("error:") || text.starts_with("warning:");
    if is_urgent || !is_quiet() {
        line(text);
    }
}

/// Writes a line to standard error for whoever wants quiet too: of the log that was asked for, a warning, or what
/// cannot be had again, such as a token that was made.
pub(super) fn line(text: &str) {
    writeln!(io::stderr().lock(), "{}", colours::message(&as_message(text))).ok();
}

/// Has the words of a panic printed as all others are: what a service sent may be among them.
pub(super) fn guard_panics() {
    std::panic::set_hook(Box::new(|panic| message(&format!("error: this is a defect of the harness: {panic}"))));
}

/// Text as it may be shown.
fn for_people(text: &str) -> String {
    shown::lines(&scrubbed(text)).into_owned()
}

fn as_message(text: &str) -> String {
    // Before it is cut: half of a value would not be recognised.
    let scrubbed = scrubbed(text);
    shown::lines(&cut_long(&scrubbed, LONGEST_MESSAGE)).replace('\n', "\n    ")
}

/// A text without what is to be shown nowhere, for whoever prints by other means; none where nothing of it stood there.
pub(super) fn without_hidden(text: &str) -> Option<String> {
    hidden().and_then(|hidden| hidden.scrub(text))
}

fn scrubbed(text: &str) -> Cow<'_, str> {
    without_hidden(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_several_lines_cannot_forge_a_line() {
        let text = as_message("error: service: no\r\nerror: all keys are lost\u{2028}\u{1b}[2J");
        assert_eq!(text, "error: service: no\\u{d}\n    error: all keys are lost\\u{2028}\\u{1b}[2J");
    }

    #[test]
    fn a_message_is_as_long_as_somebody_reads() {
        assert_eq!(as_message(&"x".repeat(LONGEST_MESSAGE)).len(), LONGEST_MESSAGE);
        let text = as_message(&"\u{9b}\n".repeat(1 << 20));
        assert!(text.len() < 6 * LONGEST_MESSAGE, "{} bytes", text.len());
        assert!(text.ends_with("(cut, 3145728 bytes in all)"), "{}", &text[text.len() - 50..]);
    }

    /// Says that this process is there to panic.
    const PANICKING: &str = "THE_WORDS_OF_A_PANIC_ARE_TESTED";

    #[test]
    fn the_words_of_a_panic_are_printed_as_all_others_are() {
        if std::env::var_os(PANICKING).is_some() {
            guard_panics();
            hide(Hidden::of(["the-secret-of-it"]));
            panic!("no character begins in \u{1b}]0;t\u{7}\nerror: forged, the-secret-of-it");
        }
        // In a process of its own, whose hook for panics is nobody else's.
        let name = "cli::output::tests::the_words_of_a_panic_are_printed_as_all_others_are";
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        let output = command.args(["--exact", name, "--nocapture"]).env(PANICKING, "1").output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(r"begins in \u{1b}]0;t\u{7}") && text.contains("forged, [redacted]"), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{text}");
    }
}
