//! A state's file beside other files, links and pipes.

use super::*;

/// For states of up to 64 bytes.
fn open(path: impl Into<PathBuf>) -> Result<FileStore, StoreError> {
    FileStore::open(path, 64)
}

#[test]
fn a_state_is_read_back_as_it_was_written_and_leaves_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = open(folder.path().join("poll.state")).unwrap();
    assert_eq!(file.read().unwrap(), None);
    file.replace(b"one\0\xff").unwrap();
    file.replace(b"two").unwrap();
    assert_eq!(file.read().unwrap(), Some(b"two".to_vec()));
    let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["poll.state", "poll.state.lock"]);
}

#[test]
fn the_old_state_is_replaced_as_a_whole_and_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let (path, before) = (folder.path().join("poll.state"), folder.path().join("before"));
    let file = open(path.clone()).unwrap();
    file.replace(b"one").unwrap();
    std::fs::hard_link(&path, &before).unwrap();
    file.replace(b"two").unwrap();
    // Whoever had it open, or was killed in the middle, has the old one whole.
    assert_eq!((std::fs::read(&before).unwrap(), std::fs::read(&path).unwrap()), (b"one".to_vec(), b"two".to_vec()));
}

#[test]
fn what_a_killed_process_left_behind_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let file = open(folder.path().join("poll.state")).unwrap();
    file.replace(b"one").unwrap();
    std::fs::write(folder.path().join("poll.state.harness-new"), "half of a sta").unwrap();
    assert_eq!(file.read().unwrap(), Some(b"one".to_vec()));
    file.replace(b"two").unwrap();
    assert_eq!(file.read().unwrap(), Some(b"two".to_vec()));
}

#[test]
fn a_file_is_held_under_every_name_until_its_holder_lets_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("poll.state");
    let file = open(path.clone()).unwrap();
    file.replace(b"one").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), folder.path().join("link")).unwrap();
    for name in [
        "poll.state",
        "./poll.state",
        #[cfg(unix)]
        "link/poll.state",
    ] {
        let Err(refusal) = open(folder.path().join(name)) else { panic!("{name} was opened twice") };
        assert!(refusal.to_string().contains(&format!("process {}", std::process::id())), "{refusal}");
    }
    drop(file);
    // A process that another test starts at this moment has the lock too, until it becomes another program.
    let again = || {
        std::thread::sleep(std::time::Duration::from_millis(5));
        open(path.clone())
    };
    let opened = std::iter::repeat_with(again).take(1_000).find_map(Result::ok);
    assert_eq!(opened.unwrap().read().unwrap(), Some(b"one".to_vec()));
}

#[cfg(unix)]
#[test]
fn a_state_is_not_led_into_another_file_by_a_link_and_takes_no_file_of_somebody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("precious"), "precious").unwrap();
    std::os::unix::fs::symlink(file("precious"), file("poll.state")).unwrap();
    let Err(refusal) = open(file("poll.state")) else { panic!("it was opened") };
    assert!(refusal.to_string().contains("it is a link"), "{refusal}");
    // Nothing was made beside it, nor beside a device.
    assert!(!file("poll.state.lock").exists());
    assert!(open("/dev/zero").is_err() && !Path::new("/dev/zero.lock").exists());
    std::fs::write(file("other.new"), "theirs").unwrap();
    open(file("other")).unwrap().replace(b"state").unwrap();
    assert_eq!(std::fs::read_to_string(file("other.new")).unwrap(), "theirs");
    assert_eq!(std::fs::read_to_string(file("precious")).unwrap(), "precious");
}

#[test]
fn a_file_that_no_poll_wrote_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("poll.state");
    let file = open(path.clone()).unwrap();
    std::fs::write(&path, vec![b'x'; 65]).unwrap();
    assert!(file.read().unwrap_err().to_string().contains("larger than 64 bytes"));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 65);
    std::fs::write(&path, b"").unwrap();
    assert!(file.read().unwrap_err().to_string().contains("is empty"));
    assert!(open(folder.path().to_owned()).is_err());
}

#[test]
#[cfg(unix)]
fn a_pipe_in_the_place_of_the_state_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("poll.state");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let Err(refusal) = open(path.clone()) else { panic!("it was opened") };
    assert!(refusal.to_string().contains("not a regular file"), "{refusal}");
    // Nor one that takes its place later.
    std::fs::remove_file(&path).unwrap();
    let file = open(path.clone()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert!(file.read().unwrap_err().to_string().contains("not a regular file"));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let Err(refusal) = open("/nonexistent-folder/poll.state") else { panic!("it was opened") };
    assert!(refusal.to_string().contains("/nonexistent-folder/poll.state"));
}
