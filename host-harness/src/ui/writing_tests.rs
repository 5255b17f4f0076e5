//! Tests of files that are written while they are sent.

use std::sync::atomic::AtomicU64;

use axum::body::to_bytes;

use super::*;

fn quick() -> Writing {
    Writing { patience: Duration::from_millis(100), ..Writing::default() }
}

/// Writes lines without end, and counts them.
fn endless(lines: &Arc<AtomicU64>) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
    let lines = lines.clone();
    move |out| {
        loop {
            out.write_all(&[b'x'; 1024])?;
            lines.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_as_it_was_written_however_long_it_is() {
    for length in [0, 1, PIECE - 1, PIECE, 10 * PIECE + 1] {
        let body = Writing::default().begin(move |out| out.write_all(&vec![b'x'; length])).await.unwrap();
        assert_eq!(to_bytes(body, usize::MAX).await.unwrap().len(), length);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_is_said_before_anything_is_sent_and_what_breaks_off_is_no_whole_file() {
    let refused = Writing::default().begin(|_| Err(io::Error::other("too many cells"))).await.unwrap_err();
    assert!(matches!(&refused, NotWritten::Refused(error) if error.to_string() == "too many cells"), "{refused:?}");
    let breaks = |out: &mut dyn Write| {
        out.write_all(&vec![b'x'; PIECE])?;
        Err(io::Error::other("it breaks off"))
    };
    let body = Writing::default().begin(breaks).await.unwrap();
    assert!(to_bytes(body, usize::MAX).await.is_err());
    let body = Writing::default().begin(endless(&Arc::default())).await.unwrap();
    let error = to_bytes(body, usize::MAX).await.unwrap_err();
    assert!(format!("{error:?}").contains("more than 268435456 bytes"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_for_whoever_has_gone_or_takes_nothing() {
    let (writing, lines) = (quick(), Arc::default());
    // Gone, and with it the work.
    drop(writing.begin(endless(&lines)).await.unwrap());
    // And one that is there and takes nothing gets what was made ahead, and no whole file.
    let body = writing.begin(endless(&lines)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let most = 2 * (AHEAD + 2) * PIECE / 1024;
    assert!(lines.load(Ordering::Relaxed) <= most as u64, "{lines:?} lines of at most {most}");
    assert!(to_bytes(body, usize::MAX).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_are_written_at_a_time_and_others_wait_for_their_turn() {
    let writing = Writing { patience: Duration::from_secs(2), ..Writing::default() };
    let mut held = Vec::new();
    for _ in 0..AT_A_TIME {
        held.push(writing.begin(endless(&Arc::default())).await.unwrap());
    }
    let impatient = Writing { patience: Duration::from_millis(50), places: writing.places.clone() };
    assert!(matches!(impatient.begin(|_| Ok(())).await, Err(NotWritten::Busy)));
    // As soon as one is gone there is room.
    held.pop();
    assert!(writing.begin(|_| Ok(())).await.is_ok());
}
