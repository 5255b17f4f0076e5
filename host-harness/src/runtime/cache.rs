//! Compiled components on disk. What is loaded from there is machine code that runs in this process unchecked, so a file is
//! loaded only if nobody but this user (or root) could have written it or anything on the way to it, and only if this engine's
//! version and settings made it.
//!
//! A file is what Wasmtime serialises with a trailer of ours behind it, by which a file that is cut short, or is no such file at all,
//! is known without reading it whole.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

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
    /// The user's own cache folder: `$XDG_CACHE_HOME/host-harness`, by default `~/.cache/host-harness`. Off where there is neither.
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

/// Loads the component of these bytes from the cache, else compiles it with `compile` and keeps it. Trouble with the cache is no
/// error: the component is compiled.
pub(super) fn load_or_compile<E>(
    cache: &CompileCache,
    engine: &Engine,
    bytes: &[u8],
    compile: impl FnOnce() -> Result<Component, E>,
) -> Result<(Component, CacheUse), E> {
    let CompileCache::Folder(folder) = cache else { return Ok((compile()?, CacheUse::Off)) };
    let path = folder.join(file_name(engine, bytes));
    // Whatever is wrong with a file that is there, a new one replaces it.
    if let Ok(component) = load(engine, &path) {
        return Ok((component, CacheUse::Hit(path)));
    }
    let component = compile()?;
    let kept = component.serialize().map_err(io::Error::other).and_then(|compiled| {
        make_folder(folder)?;
        check_folder(folder).map_err(io::Error::other)?;
        write(&path, &compiled)?;
        prune(folder, &path);
        Ok(())
    });
    let usage = match kept {
        Ok(()) => CacheUse::Stored(path),
        Err(error) => CacheUse::Unusable(error.to_string()),
    };
    Ok((component, usage))
}

/// Loads a compiled component from a file that nobody else could have written.
pub(super) fn load(engine: &Engine, path: &Path) -> Result<Component, String> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = open_without_following(path).map_err(|error| error.to_string())?;
    check_folder(folder)?;
    check_file(&file, path)?;
    check_trailer(&mut file).map_err(|error| error.to_string())?;
    // SAFETY: the file was written by this user or root, as the checks above made sure, and through `write`, as its trailer says,
    // which replaces files and never changes one. Nobody else can put another in its place, because the folders on
    // the way belong to the same two. Wasmtime itself compares its version and the engine's settings.
    unsafe { Component::deserialize_file(engine, path) }.map_err(|error| format!("{error:#}"))
}

/// Writes a compiled component so that whoever opens the file sees all of it or the one before.
pub(super) fn write(path: &Path, compiled: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".compiling-").tempfile_in(folder)?;
    file.write_all(compiled)?;
    file.write_all(MAGIC)?;
    file.write_all(&(compiled.len() as u64).to_le_bytes())?;
    file.persist(path)?;
    Ok(())
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

fn check_trailer(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut trailer = [0; TRAILER_BYTES];
    file.seek(SeekFrom::End(-(TRAILER_BYTES as i64)))?;
    file.read_exact(&mut trailer)?;
    let written = length - TRAILER_BYTES as u64;
    if trailer.strip_prefix(MAGIC).is_some_and(|rest| rest == written.to_le_bytes()) {
        Ok(())
    } else {
        Err(io::Error::other("it is not whole, or was not written by `harness compile`"))
    }
}

fn prune(folder: &Path, just_written: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let is_ours =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "cwasm") && path != just_written;
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_ours)
        .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
        .collect();
    files.sort();
    let surplus = (files.len() + 1).saturating_sub(MOST_FILES);
    for (_, path) in files.iter().take(surplus) {
        // Another process may have been faster.
        let _ = fs::remove_file(path);
    }
}

#[cfg(unix)]
mod owners {
    use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
    use std::path::Path;

    use rustix::fs::OFlags;

    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;

    pub(super) fn open_without_following(path: &Path) -> io::Result<File> {
        let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).map_err(io::Error::other)?;
        OpenOptions::new().read(true).custom_flags(flags).open(path)
    }

    pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }

    pub(super) fn check_file(file: &File, path: &Path) -> Result<(), String> {
        let metadata = file.metadata().map_err(|error| error.to_string())?;
        if !metadata.is_file() {
            return Err(format!("{} is not a regular file", path.display()));
        }
        check(&metadata, path, false)
    }

    /// The folder itself and all above it: who can write to one of them can put another file in the place of ours.
    pub(super) fn check_folder(folder: &Path) -> Result<(), String> {
        let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
        for (index, ancestor) in folder.ancestors().enumerate() {
            let metadata =
                fs::symlink_metadata(ancestor).map_err(|error| format!("{}: {error}", ancestor.display()))?;
            // In a folder like /tmp only the owner of a file can replace it.
            let shared = index > 0 && metadata.mode() & STICKY != 0;
            check(&metadata, ancestor, shared)?;
        }
        Ok(())
    }

    fn check(metadata: &Metadata, path: &Path, may_be_writable: bool) -> Result<(), String> {
        let me = rustix::process::geteuid().as_raw();
        if metadata.uid() != me && metadata.uid() != 0 {
            return Err(format!("{} belongs to another user", path.display()));
        }
        if metadata.mode() & WRITABLE_BY_OTHERS != 0 && !may_be_writable {
            return Err(format!("other users can write to {0}; `chmod go-w {0}` changes that", path.display()));
        }
        Ok(())
    }
}

#[cfg(not(unix))]
mod owners {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    const UNKNOWN: &str = "on this system it cannot be told who could have written a compiled file";

    pub(super) fn open_without_following(_: &Path) -> io::Result<File> {
        Err(io::Error::other(UNKNOWN))
    }

    pub(super) fn make_folder(_: &Path) -> io::Result<()> {
        Err(io::Error::other(UNKNOWN))
    }

    pub(super) fn check_file(_: &File, _: &Path) -> Result<(), String> {
        Err(UNKNOWN.into())
    }

    pub(super) fn check_folder(_: &Path) -> Result<(), String> {
        Err(UNKNOWN.into())
    }
}

use owners::{check_file, check_folder, make_folder, open_without_following};

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    struct Setting {
        engine: Engine,
        folder: tempfile::TempDir,
    }

    impl Setting {
        fn new() -> Self {
            Self { engine: Engine::default(), folder: tempfile::tempdir().unwrap() }
        }

        fn load(&self) -> CacheUse {
            let cache = CompileCache::Folder(self.folder.path().join("cache"));
            load_or_compile(&cache, &self.engine, EMPTY, || Component::new(&self.engine, EMPTY)).unwrap().1
        }

        fn stored(&self) -> PathBuf {
            match self.load() {
                CacheUse::Stored(path) => path,
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_component_is_compiled_once_and_then_loaded() {
        let setting = Setting::new();
        let path = setting.stored();
        assert_eq!(setting.load(), CacheUse::Hit(path.clone()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_damaged_file_is_replaced() {
        let setting = Setting::new();
        let path = setting.stored();
        let whole = fs::read(&path).unwrap();
        for damaged in [&whole[..whole.len() / 2], &whole[..whole.len() - 1], b"", b"\x7fELF"] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(setting.load(), CacheUse::Stored(path.clone()));
            assert_eq!(setting.load(), CacheUse::Hit(path.clone()));
        }
    }

    #[test]
    fn a_file_of_another_engine_is_never_looked_at() {
        let setting = Setting::new();
        let path = setting.stored();
        let other = Engine::new(wasmtime::Config::new().epoch_interruption(true)).unwrap();
        assert_ne!(path.file_name().unwrap(), file_name(&other, EMPTY).as_str());
        // And if it were, Wasmtime would refuse it.
        assert!(load(&other, &path).is_err());
    }

    #[test]
    fn what_others_can_write_to_is_not_loaded() {
        let setting = Setting::new();
        let path = setting.stored();
        let folder = path.parent().unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        mode(&path, 0o620);
        assert!(load(&setting.engine, &path).unwrap_err().contains("other users can write"));
        mode(&path, 0o600);
        mode(folder, 0o770);
        assert!(load(&setting.engine, &path).unwrap_err().contains("chmod go-w"));
        assert!(matches!(setting.load(), CacheUse::Unusable(_)));
        mode(folder, 0o700);
        mode(setting.folder.path(), 0o777);
        assert!(load(&setting.engine, &path).is_err());
        mode(setting.folder.path(), 0o700);
        assert!(load(&setting.engine, &path).is_ok());
    }

    #[test]
    fn a_link_is_not_followed() {
        let setting = Setting::new();
        let path = setting.stored();
        let moved = setting.folder.path().join("elsewhere.cwasm");
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        assert!(load(&setting.engine, &path).is_err());
        assert_eq!(setting.load(), CacheUse::Stored(path));
    }

    #[test]
    fn many_at_once_all_get_their_component() {
        let setting = Setting::new();
        let usages: Vec<CacheUse> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| setting.load())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(usages.iter().all(|usage| matches!(usage, CacheUse::Stored(_) | CacheUse::Hit(_))), "{usages:?}");
        assert!(matches!(setting.load(), CacheUse::Hit(_)));
        let left_over = fs::read_dir(setting.folder.path().join("cache")).unwrap().count();
        assert_eq!(left_over, 1);
    }

    #[test]
    fn old_files_go_when_there_are_too_many() {
        let setting = Setting::new();
        let path = setting.stored();
        for number in 0..MOST_FILES + 5 {
            fs::write(path.with_file_name(format!("{number}.cwasm")), "").unwrap();
        }
        fs::write(&path, "").unwrap();
        assert_eq!(setting.stored(), path);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), MOST_FILES);
    }
}
