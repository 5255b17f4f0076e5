//! Compiled components on disk. What is loaded from there is machine code that runs in this process unchecked. From the
//! cache a file is loaded only if this program wrote it, as a receipt of its own shows (`receipts`): a folder can come
//! with anything in it. And from anywhere only if nobody but this user (or root) could have written it or anything on
//! the way to it, and if this engine's version and settings made it.
//!
//! A file is what Wasmtime serialises with a trailer of ours behind it, by which a file that is cut short, or is no
//! such file at all, is known without reading it whole.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::owners::{check_file, check_folder, make_folder, open_without_following};
use super::receipts::Receipts;

/// Whether compiled components are kept, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CompileCache {
    /// They are not: each load compiles.
    #[default]
    Off,
    /// In this folder, which is made when it is missing.
    Folder(PathBuf),
}

/// What the cache did for a component that was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheUse {
    /// There is no cache.
    Off,
    /// The component came from this file.
    Hit(PathBuf),
    /// It was compiled, and is now in this file.
    Stored(PathBuf),
    /// It was compiled, and could not be kept, for this reason.
    Unusable(String),
    /// It was loaded from a precompiled file that the caller named.
    Precompiled(PathBuf),
}

/// Ends every compiled file, before the length of all before it.
const MAGIC: &[u8; 16] = b"harness-cwasm-1\n";
const TRAILER_BYTES: usize = MAGIC.len() + size_of::<u64>();

/// More than these are old versions of components that nobody loads any more; the ones longest unused go first.
const MOST_FILES: usize = 64;

impl CompileCache {
    /// The user's own cache folder: `$XDG_CACHE_HOME/host-harness`, by default `~/.cache/host-harness`. Off where there
    /// is neither.
    pub fn standard() -> Self {
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let caches = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
        caches.map_or(Self::Off, |caches| Self::Folder(caches.join("host-harness")))
    }
}

impl fmt::Display for CacheUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off; the component was compiled"),
            Self::Hit(path) => write!(f, "loaded from {}", path.display()),
            Self::Stored(path) => write!(f, "compiled, and kept in {}", path.display()),
            Self::Unusable(reason) => write!(f, "compiled, and not kept: {reason}"),
            Self::Precompiled(path) => write!(f, "not needed; precompiled in {}", path.display()),
        }
    }
}

/// Held while a file and its receipt are written.
static WRITING: Mutex<()> = Mutex::new(());

/// Loads the component of these bytes from the cache, else compiles it with `compile` and keeps it. Trouble with the
/// cache is no error: the component is compiled.
pub(super) fn load_or_compile<E>(
    cache: &CompileCache,
    engine: &Engine,
    bytes: &[u8],
    compile: impl FnOnce() -> Result<Component, E>,
) -> Result<(Component, CacheUse), E> {
    let CompileCache::Folder(folder) = cache else { return Ok((compile()?, CacheUse::Off)) };
    match CompileCache::standard() {
        CompileCache::Folder(own) => {
            load_or_compile_in(folder, &Receipts::in_folder(own.join("receipts")), engine, bytes, compile)
        }
        CompileCache::Off => {
            let why = "there is no $HOME to note in what this program compiled".to_owned();
            Ok((compile()?, CacheUse::Unusable(why)))
        }
    }
}

fn load_or_compile_in<E>(
    folder: &Path,
    receipts: &Receipts,
    engine: &Engine,
    bytes: &[u8],
    compile: impl FnOnce() -> Result<Component, E>,
) -> Result<(Component, CacheUse), E> {
    let path = folder.join(file_name(engine, bytes));
    // Whatever is wrong with a file that is there, a new one replaces it.
    if let Ok((component, _)) = load_if(engine, &path, |file| receipts.has(&path, file)) {
        return Ok((component, CacheUse::Hit(path)));
    }
    let component = compile()?;
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    let kept = component.serialize().map_err(io::Error::other).and_then(|compiled| {
        make_folder(folder).map_err(named)?;
        check_folder(folder).map_err(io::Error::other)?;
        // One at a time, or the receipt that stays could be of a file that another has replaced. Where that happens
        // between two processes, the component is compiled once more.
        let _turn = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let file = write(&path, &compiled).map_err(named)?;
        receipts.write(&path, &file)?;
        prune(folder, receipts, &path);
        Ok(())
    });
    let usage = match kept {
        Ok(()) => CacheUse::Stored(path),
        Err(error) => CacheUse::Unusable(error.to_string()),
    };
    Ok((component, usage))
}

/// Loads a compiled component from a file that the caller vouches for, and that nobody else could have written. Gives
/// its size in bytes too.
pub(super) fn load(engine: &Engine, path: &Path) -> Result<(Component, usize), String> {
    load_if(engine, path, |_| true)
}

fn load_if(
    engine: &Engine,
    path: &Path,
    is_vouched_for: impl FnOnce(&File) -> bool,
) -> Result<(Component, usize), String> {
    let mut file = open_without_following(path).map_err(|error| error.to_string())?;
    check_folder(folder_of(path))?;
    check_file(&file, path)?;
    if !is_vouched_for(&file) {
        return Err("this program did not write it".into());
    }
    let size = check_trailer(&mut file).map_err(|error| error.to_string())?;
    // SAFETY: the caller vouches for the file, or the cache's receipt says that this program wrote it. Both through
    // `write`, as the trailer says, which replaces files and never changes one. Nobody else can put another in its
    // place, because it and the folders on the way belong to this user or root, as the checks above made sure. Wasmtime
    // itself compares its version and the engine's settings.
    let component = unsafe { Component::deserialize_file(engine, path) }.map_err(|error| format!("{error:#}"))?;
    Ok((component, size))
}

/// Whether a compiled component may be written to this path: nothing is there, or an older one.
pub(super) fn check_replaceable(component: &Path, output: &Path) -> Result<(), String> {
    let mut file = match open_without_following(output) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("it cannot be replaced: {error}")),
    };
    let real = |path: &Path| path.canonicalize().ok();
    if real(component).is_some() && real(component) == real(output) {
        return Err("it is the component itself, which would be lost; name another file".into());
    }
    check_trailer(&mut file).map(drop).map_err(|_| {
        "it is there already and is not a compiled component, so it is left alone: remove it, or name another file"
            .into()
    })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a compiled component so that whoever opens the file sees all of it or the one before. Gives the file that was
/// written, whatever has become of its name since.
pub(super) fn write(path: &Path, compiled: &[u8]) -> io::Result<File> {
    let mut file = tempfile::Builder::new().prefix(".compiling-").tempfile_in(folder_of(path))?;
    file.write_all(compiled)?;
    file.write_all(MAGIC)?;
    file.write_all(&(compiled.len() as u64).to_le_bytes())?;
    Ok(file.persist(path)?)
}

/// Whether a file begins like a compiled component: as an ELF file, and not as WebAssembly.
pub(super) fn looks_compiled(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}

/// Content, and what of the engine decides the machine code. Wasmtime checks the second once more.
fn file_name(engine: &Engine, bytes: &[u8]) -> String {
    let mut name = String::with_capacity(96);
    for byte in Sha256::digest(bytes) {
        name.push_str(&format!("{byte:02x}"));
    }
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    name.push_str(&format!("-{:016x}.cwasm", settings.finish()));
    name
}

/// Whether the file is whole; gives its size in bytes.
fn check_trailer(file: &mut File) -> io::Result<usize> {
    let length = file.metadata()?.len();
    let mut trailer = [0; TRAILER_BYTES];
    file.seek(SeekFrom::End(-(TRAILER_BYTES as i64)))?;
    file.read_exact(&mut trailer)?;
    let written = length.saturating_sub(TRAILER_BYTES as u64);
    if trailer.strip_prefix(MAGIC).is_some_and(|rest| rest == written.to_le_bytes()) {
        usize::try_from(length).map_err(io::Error::other)
    } else {
        Err(io::Error::other("it is not whole, or was not written by `harness compile`"))
    }
}

/// Removes what is longest unused of what this program wrote; everything else in the folder is somebody's.
fn prune(folder: &Path, receipts: &Receipts, just_written: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let compiled =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "cwasm") && path != just_written;
    let is_ours = |path: &PathBuf| open_without_following(path).is_ok_and(|file| receipts.has(path, &file));
    let found: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(compiled).collect();
    if found.len() < MOST_FILES {
        return;
    }
    let dated = |path: PathBuf| Some((fs::metadata(&path).ok()?.modified().ok()?, path));
    let mut files: Vec<_> = found.into_iter().filter(is_ours).filter_map(dated).collect();
    files.sort();
    let surplus = (files.len() + 1).saturating_sub(MOST_FILES);
    for (_, path) in files.iter().take(surplus) {
        // Another process may have been faster.
        let _ = fs::remove_file(path);
        receipts.remove(path);
    }
}

#[cfg(test)]
#[cfg(unix)]
#[path = "cache_tests.rs"]
mod tests;
