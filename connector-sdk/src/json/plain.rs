//! Finds the end of the plain part of a string, sixteen bytes at once: most of an answer is text without escapes.

/// The place of the first byte from `at` on that ends a string, begins an escape or is a control character; or of one
/// of the last fifteen bytes, if none comes before them.
#[inline(always)]
pub(super) fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let plain = plain_bytes(chunk);
        at += plain;
        if plain < chunk.len() {
            break;
        }
    }
    at
}

/// How many bytes come before the first that ends a string, begins an escape or is a control character.
#[cfg(target_feature = "simd128")]
#[inline]
fn plain_bytes(chunk: &[u8; 16]) -> usize {
    use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, v128_load, v128_or};
    // SAFETY: the chunk is sixteen bytes that can be read, and the load needs no alignment.
    let bytes = unsafe { v128_load(chunk.as_ptr().cast()) };
    let quotes = u8x16_eq(bytes, u8x16_splat(b'"'));
    let escapes = u8x16_eq(bytes, u8x16_splat(b'\\'));
    let controls = u8x16_lt(bytes, u8x16_splat(0x20));
    let marks = u8x16_bitmask(v128_or(v128_or(quotes, escapes), controls));
    (u32::from(marks) | 1 << 16).trailing_zeros() as usize
}

/// How many bytes come before the first that ends a string, begins an escape or is a control character.
#[cfg(not(target_feature = "simd128"))]
#[inline]
fn plain_bytes(chunk: &[u8; 16]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    // The high bit of each byte that is one of them. The lowest that is marked is marked rightly; those above it need
    // not be.
    let marks = |word: u64| {
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5c);
        (quote.wrapping_sub(ONES) & !quote
            | backslash.wrapping_sub(ONES) & !backslash
            | word.wrapping_sub(ONES * 0x20) & !word)
            & HIGH_BITS
    };
    let word = u128::from_le_bytes(*chunk);
    let low = marks(word as u64).trailing_zeros();
    let bits = if low < 64 { low } else { 64 + marks((word >> 64) as u64).trailing_zeros() };
    (bits / 8) as usize
}
