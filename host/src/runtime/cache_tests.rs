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

    fn receipts(&self) -> Receipts {
        Receipts::in_folder(self.folder.path().join("receipts"))
    }

    fn load(&self) -> CacheUse {
        let compile = || Component::new(&self.engine, EMPTY);
        let folder = self.folder.path().join("cache");
        load_or_compile_in(&folder, &self.receipts(), &self.engine, EMPTY, compile).unwrap().1
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
fn a_file_that_this_program_did_not_write_is_not_loaded_from_the_cache_whoever_owns_it() {
    let setting = Setting::new();
    let path = setting.stored();
    // As an archive brings it: the same bytes, the same owner and mode, the right name.
    let copy = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, &copy).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(load(&setting.engine, &path).is_ok(), "it is not the file itself that is wrong");
    assert_eq!(setting.load(), CacheUse::Stored(path.clone()));
    assert_eq!(setting.load(), CacheUse::Hit(path.clone()));
    // Nor one that was written over in its place.
    fs::write(&path, &copy).unwrap();
    assert_eq!(setting.load(), CacheUse::Stored(path));
}

#[test]
fn a_receipt_that_others_could_have_written_counts_for_nothing() {
    let setting = Setting::new();
    let path = setting.stored();
    let receipts = setting.folder.path().join("receipts");
    fs::set_permissions(&receipts, fs::Permissions::from_mode(0o770)).unwrap();
    assert!(matches!(setting.load(), CacheUse::Unusable(_)));
    fs::set_permissions(&receipts, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(matches!(setting.load(), CacheUse::Stored(stored) if stored == path));
}

#[test]
fn old_files_go_when_there_are_too_many_and_nobody_elses_do() {
    let setting = Setting::new();
    let path = setting.stored();
    let (folder, receipts) = (path.parent().unwrap(), setting.receipts());
    for number in 0..MOST_FILES + 5 {
        let ours = folder.join(format!("{number}.cwasm"));
        let file = write(&ours, b"old").unwrap();
        receipts.write(&ours, &file).unwrap();
        fs::write(folder.join(format!("theirs-{number}.cwasm")), "").unwrap();
    }
    fs::write(&path, "").unwrap();
    assert_eq!(setting.stored(), path);
    let (theirs, ours): (Vec<_>, Vec<_>) = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .partition(|name| name.to_string_lossy().starts_with("theirs"));
    assert_eq!((ours.len(), theirs.len()), (MOST_FILES, MOST_FILES + 5));
}

#[test]
fn nothing_but_an_older_compiled_component_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let (component, output) = (folder.path().join("a.wasm"), folder.path().join("a.cwasm"));
    fs::write(&component, EMPTY).unwrap();
    assert_eq!(check_replaceable(&component, &output), Ok(()));
    write(&output, b"compiled").unwrap();
    assert_eq!(check_replaceable(&component, &output), Ok(()));
    assert!(check_replaceable(&component, &component).unwrap_err().contains("the component itself"));
    assert!(check_replaceable(&output, &output).unwrap_err().contains("the component itself"));
    fs::write(&output, "letters to the editor").unwrap();
    assert!(check_replaceable(&component, &output).unwrap_err().contains("left alone"));
    assert!(check_replaceable(&component, folder.path()).is_err());
}
