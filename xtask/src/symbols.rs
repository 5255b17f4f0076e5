//! Ships a program without its symbols, which are more than half of it, and the symbols in a file beside it. The
//! program names that file, so that debuggers, profilers and its own backtraces find them there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{cargo, files};

/// What was shipped, and how large it is, in bytes.
#[derive(Debug, PartialEq)]
pub(crate) struct Shipped {
    /// The size of the program.
    pub(crate) program: u64,
    /// The file of its symbols and that file's size; none where the program keeps them.
    pub(crate) symbols: Option<(PathBuf, u64)>,
}

/// The linker's hash of all that it linked, symbols too.
const BUILD_ID: &str = ".note.gnu.build-id";

/// Copies the program that was built without its symbols and without a word of them: what they are depends on the folder
/// that it was built in, and nothing else of it does.
pub(crate) fn strip(built: &Path, to: &Path) -> Result<()> {
    let Some(objcopy) = objcopy() else {
        eprintln!(
            "WARNING: {} has its symbols, and in them the folder that it was built in: objcopy, which takes them out \
             on Linux, is not there. It comes with binutils.",
            name(to)
        );
        return files::copy_atomically(built, to);
    };
    files::replace_atomically(to, |temporary| {
        cargo::run(Command::new(&objcopy).args(["--strip-all", "--remove-section", BUILD_ID]).arg(built).arg(temporary))
    })
}

/// Copies the program that was built to where it ships from. Without `objcopy` it keeps its symbols.
pub(crate) fn ship(built: &Path, to: &Path) -> Result<Shipped> {
    ship_with(objcopy().as_deref(), built, to)
}

/// What takes symbols out. Elsewhere they are in another format, or in a file of their own already.
fn objcopy() -> Option<PathBuf> {
    cfg!(target_os = "linux").then(|| cargo::on_path("objcopy")).flatten()
}

fn ship_with(objcopy: Option<&Path>, built: &Path, to: &Path) -> Result<Shipped> {
    let beside = symbols_of(to);
    let Some(objcopy) = objcopy else {
        eprintln!(
            "WARNING: {} ships with its symbols and is more than twice as large as it need be: objcopy, which takes \
             them out on Linux, is not there. It comes with binutils.",
            name(to)
        );
        files::copy_atomically(built, to)?;
        // Those of another build would only mislead.
        files::remove(&beside)?;
        return Ok(Shipped { program: size(to)?, symbols: None });
    };
    // In this order, because the program holds a checksum of the file of its symbols.
    files::replace_atomically(&beside, |temporary| cargo::run(&mut keep_symbols(objcopy, built, temporary)))?;
    files::replace_atomically(to, |temporary| cargo::run(&mut drop_symbols(objcopy, built, &beside, temporary)))?;
    Ok(Shipped { program: size(to)?, symbols: Some((beside.clone(), size(&beside)?)) })
}

fn keep_symbols(objcopy: &Path, built: &Path, to: &Path) -> Command {
    let mut command = Command::new(objcopy);
    command.arg("--only-keep-debug").arg(built).arg(to);
    command
}

fn drop_symbols(objcopy: &Path, built: &Path, symbols: &Path, to: &Path) -> Command {
    let mut link = std::ffi::OsString::from("--add-gnu-debuglink=");
    link.push(symbols);
    let mut command = Command::new(objcopy);
    command.arg("--strip-all").arg(link).arg(built).arg(to);
    command
}

/// By its name, which the program repeats, it is looked for beside the program.
fn symbols_of(program: &Path) -> PathBuf {
    program.with_added_extension("debug")
}

fn name(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

fn size(path: &Path) -> Result<u64> {
    let facts = fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(facts.len())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Shipped, drop_symbols, keep_symbols, ship_with, strip, symbols_of};
    use crate::cargo;

    #[test]
    fn without_objcopy_the_program_ships_as_it_is_and_no_stale_symbols_stay_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let (built, to) = (folder.path().join("built"), folder.path().join("dist").join("harness"));
        fs::write(&built, "program and symbols").unwrap();
        fs::create_dir(folder.path().join("dist")).unwrap();
        fs::write(symbols_of(&to), "of another build").unwrap();
        for _ in 0..2 {
            let shipped = ship_with(None, &built, &to).unwrap();
            assert_eq!(shipped, Shipped { program: 19, symbols: None });
        }
        assert_eq!(fs::read_to_string(&to).unwrap(), "program and symbols");
        assert_eq!(fs::read_dir(folder.path().join("dist")).unwrap().count(), 1);
    }

    #[test]
    fn the_symbols_are_beside_the_program_under_its_name() {
        assert_eq!(symbols_of(Path::new("dist/harness")), Path::new("dist/harness.debug"));
    }

    #[test]
    fn the_program_is_linked_to_the_file_that_its_symbols_went_to() {
        let path = Path::new;
        let kept = keep_symbols(path("objcopy"), path("built"), path("one.tmp"));
        assert_eq!(cargo::shown(&kept), "objcopy --only-keep-debug built one.tmp");
        let dropped = drop_symbols(path("objcopy"), path("built"), path("dist/harness.debug"), path("two.tmp"));
        let expected = "objcopy --strip-all --add-gnu-debuglink=dist/harness.debug built two.tmp";
        assert_eq!(cargo::shown(&dropped), expected);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_ships_is_smaller_and_its_backtraces_still_have_the_lines() {
        let Some(objcopy) = cargo::on_path("objcopy") else {
            eprintln!("WARNING: not tested, because there is no objcopy");
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let (source, built) = (folder.path().join("falls.rs"), folder.path().join("falls"));
        let to = folder.path().join("dist").join("falls");
        fs::write(&source, "fn main() {\n    panic!();\n}\n").unwrap();
        cargo::run(cargo::rustc().args(["-Cdebuginfo=line-tables-only", "-o"]).args([&built, &source])).unwrap();
        let shipped = ship_with(Some(&objcopy), &built, &to).unwrap();
        assert!(shipped.program < fs::metadata(&built).unwrap().len() / 2, "{shipped:?}");
        let backtrace = || {
            let output = std::process::Command::new(&to).env("RUST_BACKTRACE", "1").output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            // The first line of all names the place, whatever the program knows of its symbols.
            text.split_once("stack backtrace").map(|(_, frames)| frames.to_owned()).unwrap()
        };
        assert!(backtrace().contains("falls.rs:2"), "{}", backtrace());
        fs::remove_file(symbols_of(&to)).unwrap();
        assert!(!backtrace().contains("falls.rs"), "{}", backtrace());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_packaged_is_the_same_from_whatever_folder() {
        if cargo::on_path("objcopy").is_none() {
            eprintln!("WARNING: not tested, because there is no objcopy");
            return;
        }
        let [one, other] = ["one", "other folder"].map(|name| {
            let folder = tempfile::Builder::new().prefix(name).tempdir().unwrap();
            let (source, built, to) = (folder.path().join("a.rs"), folder.path().join("a"), folder.path().join("to"));
            fs::write(&source, "fn main() {}\n").unwrap();
            let mut command = cargo::rustc();
            command.args(["-Cdebuginfo=line-tables-only", "-Cmetadata=one", "-o"]).args([&built, &source]);
            cargo::run(&mut command).unwrap();
            strip(&built, &to).unwrap();
            (fs::read(&built).unwrap(), fs::read(&to).unwrap())
        });
        assert!(one.0 != other.0, "their symbols name the same folder, and nothing is tested");
        assert!(one.1 == other.1 && !one.1.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn where_objcopy_fails_what_shipped_before_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (built, to) = (folder.path().join("built"), folder.path().join("dist").join("harness"));
        fs::write(&built, "new").unwrap();
        fs::create_dir(folder.path().join("dist")).unwrap();
        fs::write(&to, "old").unwrap();
        let error = ship_with(Some(Path::new("false")), &built, &to).unwrap_err();
        assert!(format!("{error:#}").contains("--only-keep-debug"), "{error:#}");
        assert_eq!(fs::read_to_string(&to).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path().join("dist")).unwrap().count(), 1);
    }
}
