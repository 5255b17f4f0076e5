//! Reads what a person names on the command line. What a file says of its size is not believed: a pipe says 0 and gives
//! without end.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// Reads all of it as text. More than `most` bytes are an error that says so, found without reading them.
pub fn read_text(from: impl Read, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large(most));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8"))
}

/// Reads all of it as what is wiped after use. More than `most` bytes are an error that says so.
pub fn read_secret(from: impl Read, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room for all of it at once: a buffer that grows leaves what it held behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(most.saturating_add(1)).unwrap_or_default()));
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(bytes) }
}

fn too_large(most: u64) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {most} bytes"))
}

/// Reads a file that a person names, up to so many bytes. A pipe goes as well: that is how a shell hands over what a
/// command prints.
pub fn read(path: &Path, most: u64) -> io::Result<String> {
    read_text(File::open(path)?, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_the_bound_whatever_gives_it() {
        let error = read_text(io::repeat(b'x'), 10).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 10 bytes");
        assert_eq!(read_secret(io::repeat(b'x'), 10).unwrap_err().to_string(), "it is larger than 10 bytes");
        assert_eq!(read_secret(&b"0123456789"[..], 10).unwrap().as_slice(), b"0123456789");
        assert_eq!(read_text(&b"0123456789"[..], 10).unwrap(), "0123456789");
        assert!(read_text(&b"\xff"[..], 10).unwrap_err().to_string().contains("UTF-8"));
    }
}
