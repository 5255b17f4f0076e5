//! The component's memory allocator. A call gets a fresh instance, works for a few milliseconds and is gone, so what
//! counts is the first allocation and not the millionth: blocks are cut from the memory that the instance begins with
//! (the default allocator leaves that unused and asks the host for more at once), the last block grows where it stands,
//! and blocks that are freed are kept by size and used again.
//!
//! Sizes are rounded up to classes: multiples of 16 bytes up to 256, then four to each doubling.

use std::ptr;

/// All blocks are aligned to this.
const ALIGNMENT: usize = 16;
const SMALL: usize = 256;
const SMALL_CLASSES: usize = SMALL / ALIGNMENT;
/// Up to the whole address space of 32 bits.
const CLASSES: usize = SMALL_CLASSES + 4 * (32 - SMALL.ilog2() as usize);

/// Blocks cut from one stretch of memory that can grow at its end.
struct Arena {
    /// The first byte that was never part of a block, or is no longer.
    top: usize,
    /// The end of the stretch.
    end: usize,
    /// The first free block of each class; each begins with the address of the next, 0 at the last.
    free: [usize; CLASSES],
}

/// The class that a size belongs to, and the size that its blocks have. None if no memory is that large.
fn class(size: usize) -> Option<(usize, usize)> {
    if size <= SMALL {
        let index = size.saturating_sub(1) / ALIGNMENT;
        return Some((index, (index + 1) * ALIGNMENT));
    }
    // Between 2^n and 2^(n+1) the classes are a quarter of 2^n apart.
    let doubling = (size - 1).ilog2();
    let step = 1_usize << (doubling - 2);
    let rounded = size.checked_next_multiple_of(step).filter(|rounded| *rounded < 1 << 31)?;
    let quarter = (size - 1) / step - 4;
    Some((SMALL_CLASSES + 4 * (doubling - SMALL.ilog2()) as usize + quarter, rounded))
}

impl Arena {
    const fn new() -> Self {
        Self { top: 0, end: 0, free: [0; CLASSES] }
    }

    /// A block of at least `size` bytes; null if there is no memory. `grow` is asked for more bytes behind the end, and
    /// gives how many it added, 0 if it cannot.
    ///
    /// # Safety
    ///
    /// From `top` to `end`, and for what `grow` adds, the memory must be there and belong to this arena.
    unsafe fn allocate(&mut self, size: usize, grow: impl FnOnce(usize) -> usize) -> *mut u8 {
        let Some((class, size)) = class(size) else { return ptr::null_mut() };
        if let Some(first) = self.free.get_mut(class)
            && *first != 0
        {
            let block = *first as *mut u8;
            // SAFETY: a free block is at least 16 bytes, aligned, and holds the address of the next.
            *first = unsafe { block.cast::<usize>().read() };
            return block;
        }
        let block = self.top;
        if self.reach(block.saturating_add(size), grow) { block as *mut u8 } else { ptr::null_mut() }
    }

    /// # Safety
    ///
    /// The block must be one of this arena, of that size, and not be used any more.
    unsafe fn free(&mut self, block: *mut u8, size: usize) {
        let Some((class, size)) = class(size) else { return };
        if block as usize + size == self.top {
            self.top = block as usize;
        } else if let Some(first) = self.free.get_mut(class) {
            // SAFETY: the block is at least 16 bytes, aligned, and now the arena's.
            unsafe { block.cast::<usize>().write(*first) };
            *first = block as usize;
        }
    }

    /// Makes a block larger or smaller where it stands, if that can be done.
    fn resize(&mut self, block: *mut u8, size: usize, new_size: usize, grow: impl FnOnce(usize) -> usize) -> bool {
        let (Some((_, size)), Some((_, new_size))) = (class(size), class(new_size)) else { return false };
        let block = block as usize;
        if block + size != self.top {
            // A block that became smaller is put with the smaller ones when it is freed.
            return new_size <= size;
        }
        self.reach(block.saturating_add(new_size), grow)
    }

    /// Moves the top, and the end if need be.
    fn reach(&mut self, top: usize, grow: impl FnOnce(usize) -> usize) -> bool {
        if top > self.end {
            self.end += grow(top - self.end);
            if top > self.end {
                return false;
            }
        }
        self.top = top;
        true
    }
}

#[cfg(target_family = "wasm")]
mod global {
    use super::{ALIGNMENT, Arena};
    use std::alloc::{GlobalAlloc, Layout};
    use std::arch::wasm32::{memory_grow, memory_size};
    use std::cell::UnsafeCell;

    const PAGE: usize = 64 * 1024;
    /// Growing is a call of the host, a few microseconds: never for less than this, and not for much more than is
    /// needed.
    const LEAST_GROWTH: usize = 4 * PAGE;

    unsafe extern "C" {
        /// Where the linker's own data ends.
        static __heap_base: u8;
    }

    struct Allocator(UnsafeCell<Arena>);

    // SAFETY: the component has one thread.
    unsafe impl Sync for Allocator {}

    #[global_allocator]
    static ALLOCATOR: Allocator = Allocator(UnsafeCell::new(Arena::new()));

    fn grow(bytes: usize) -> usize {
        let pages = bytes.max(LEAST_GROWTH).div_ceil(PAGE);
        let more = |pages: usize| memory_grow(0, pages) != usize::MAX;
        if more(pages) {
            return pages * PAGE;
        }
        // What was asked for may still be there when a round amount is not.
        let exact = bytes.div_ceil(PAGE);
        if more(exact) { exact * PAGE } else { 0 }
    }

    impl Allocator {
        /// # Safety
        ///
        /// Nobody else may hold the arena, which one thread and calls that return before the next guarantee.
        #[allow(clippy::mut_from_ref)]
        unsafe fn arena(&self) -> &mut Arena {
            // SAFETY: by the contract of this function.
            let arena = unsafe { &mut *self.0.get() };
            if arena.end == 0 {
                arena.top = (&raw const __heap_base as usize).next_multiple_of(ALIGNMENT);
                arena.end = memory_size(0) * PAGE;
            }
            arena
        }
    }

    // None of these is inlined: hundreds of places allocate, and a call costs next to nothing.
    // SAFETY: blocks do not overlap (see the tests of `Arena`), and are as large and as aligned as was asked for.
    unsafe impl GlobalAlloc for Allocator {
        #[inline(never)]
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if layout.align() > ALIGNMENT {
                // Nothing here asks for that.
                return std::ptr::null_mut();
            }
            // SAFETY: one thread; memory from the heap's base on is nobody else's.
            unsafe { self.arena().allocate(layout.size(), grow) }
        }

        #[inline(never)]
        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: one thread; the block came from `alloc` with this layout.
            unsafe { self.arena().free(block, layout.size()) }
        }

        #[inline(never)]
        unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
            // SAFETY: one thread; the block came from `alloc` with this layout.
            unsafe {
                if self.arena().resize(block, layout.size(), new_size, grow) {
                    return block;
                }
                let new = self.arena().allocate(new_size, grow);
                if !new.is_null() {
                    std::ptr::copy_nonoverlapping(block, new, layout.size().min(new_size));
                    self.arena().free(block, layout.size());
                }
                new
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_size_fits_its_class_and_every_class_has_one_size() {
        let mut sizes = std::collections::BTreeMap::new();
        for size in (0..5_000).chain((12..31).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1])) {
            let Some((class, block)) = class(size) else { continue };
            assert!(block >= size && block % ALIGNMENT == 0 && class < CLASSES, "{size}");
            assert!(size <= SMALL || block - size <= size / 4, "{size} wastes {}", block - size);
            assert_eq!(*sizes.entry(class).or_insert(block), block, "{size}");
        }
        assert_eq!(class(usize::MAX), None);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Allocate(usize),
        Resize(prop::sample::Index, usize),
        Free(prop::sample::Index),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = || prop_oneof![0..300_usize, 0..5_000_usize];
        let index = any::<prop::sample::Index>;
        prop::collection::vec(
            prop_oneof![
                size().prop_map(Step::Allocate),
                (index(), size()).prop_map(|(index, size)| Step::Resize(index, size)),
                index().prop_map(Step::Free),
            ],
            0..200,
        )
    }

    proptest! {
        #[test]
        fn blocks_keep_their_bytes_whatever_happens_to_others(steps in steps()) {
            let mut memory = vec![0_u128; 2 * 1024 * 1024 / 16];
            let base = memory.as_mut_ptr() as usize;
            let limit = base + memory.len() * 16;
            let mut arena = Arena { top: base, end: base + 4096, ..Arena::new() };
            let mut live: Vec<(*mut u8, usize, u8)> = Vec::new();
            for (turn, step) in steps.into_iter().enumerate() {
                let mark = turn as u8;
                let end = arena.end;
                let grow = |bytes: usize| bytes.next_multiple_of(4096).min(limit - end);
                // SAFETY: the arena's stretch lies within `memory`, and blocks are used within their sizes.
                unsafe {
                    match step {
                        Step::Allocate(size) => {
                            let block = arena.allocate(size, grow);
                            prop_assert!(!block.is_null());
                            block.write_bytes(mark, size);
                            live.push((block, size, mark));
                        }
                        Step::Resize(index, new_size) if !live.is_empty() => {
                            let index = index.index(live.len());
                            let (block, size, mark) = &mut live[index];
                            if arena.resize(*block, *size, new_size, grow) {
                                block.write_bytes(*mark, new_size);
                                *size = new_size;
                            }
                        }
                        Step::Free(index) if !live.is_empty() => {
                            let (block, size, _) = live.swap_remove(index.index(live.len()));
                            arena.free(block, size);
                        }
                        _ => {}
                    }
                    for (block, size, mark) in &live {
                        prop_assert_eq!(*block as usize % ALIGNMENT, 0);
                        prop_assert!(std::slice::from_raw_parts(*block, *size).iter().all(|byte| byte == mark));
                    }
                }
            }
        }
    }

    #[test]
    fn without_memory_there_is_no_block_and_nothing_is_lost() {
        let mut memory = [0_u128; 64];
        let base = memory.as_mut_ptr() as usize;
        let mut arena = Arena { top: base, end: base + 1024, ..Arena::new() };
        // SAFETY: the arena's stretch is `memory`.
        unsafe {
            assert!(arena.allocate(2_000, |_| 0).is_null());
            let block = arena.allocate(1_000, |_| 0);
            assert_eq!(block as usize, base);
            arena.free(block, 1_000);
            assert_eq!(arena.allocate(1_000, |_| 0), block);
        }
    }
}
