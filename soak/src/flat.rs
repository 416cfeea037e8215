//! Whether what a process holds stays flat.
//!
//! A sample may catch a thread that is about to end, or memory that is about to be freed, so single
//! samples say nothing. The floor of many does: what ends soon is gone in some sample, and what leaks
//! is in all that follow. The first third of the samples is the warm-up, in which runtimes start their
//! threads and grow their tables; the floors of the second and of the last third are compared.

use std::fmt;

use crate::process::{Figures, peak};

/// The runtimes' tables and the queues of signals grow in steps, and one may come late. A leak of one
/// byte per actor is more than this within seconds on most runtimes, and within a minute on threads.
const HEAP_SLACK: usize = 16 << 10;

/// The allocator keeps pages that are free, and how many depends on how threads meet. A leak that it
/// does not count, such as the stack of a thread, is more than that after some hundred.
const RESIDENT_SLACK: usize = 16 << 20;

/// A runtime may start one of its threads late.
const THREADS_SLACK: usize = 2;

/// A thread that starts late may bring its own wake-up.
const DESCRIPTORS_SLACK: usize = 2;

#[derive(Default)]
pub struct Samples(Vec<Figures>);

impl Samples {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn add(&mut self, mut figures: Figures) {
        figures.heap -= self.0.capacity() * size_of::<Figures>();
        self.0.push(figures);
    }

    /// The floors after the warm-up, and at the end.
    fn floors(&self) -> (Figures, Figures) {
        let third = self.0.len() / 3;
        let (_, warm) = self.0.split_at(third);
        let (middle, last) = warm.split_at(warm.len() / 2);
        (floor(middle), floor(last))
    }

    /// # Errors
    ///
    /// If something grew.
    pub fn are_flat(&self) -> Result<(), String> {
        let (before, after) = self.floors();
        let rows = [
            ("heap", before.heap, after.heap, HEAP_SLACK),
            (
                "resident memory",
                before.resident,
                after.resident,
                RESIDENT_SLACK,
            ),
            ("threads", before.threads, after.threads, THREADS_SLACK),
            (
                "descriptors",
                before.descriptors,
                after.descriptors,
                DESCRIPTORS_SLACK,
            ),
        ];
        let grown = |(what, before, after, slack)| {
            (after > before + slack).then(|| format!("{what} grew from {before} to {after}"))
        };
        match rows.into_iter().find_map(grown) {
            Some(grown) => Err(grown),
            None => Ok(()),
        }
    }
}

fn floor(samples: &[Figures]) -> Figures {
    let least = |figure: fn(&Figures) -> usize| samples.iter().map(figure).min().expect("samples");
    Figures {
        heap: least(|it| it.heap),
        resident: least(|it| it.resident),
        threads: least(|it| it.threads),
        descriptors: least(|it| it.descriptors),
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.floors();
        write!(
            f,
            "{} cycles; warm and at the end: heap {} and {} KiB, resident {} and {} MiB (peak {}), \
             threads {} and {}, descriptors {} and {}",
            self.len(),
            before.heap >> 10,
            after.heap >> 10,
            before.resident >> 20,
            after.resident >> 20,
            peak() >> 20,
            before.threads,
            after.threads,
            before.descriptors,
            after.descriptors,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(heap: impl Fn(usize) -> usize) -> Samples {
        let figures = |nth| Figures {
            heap: heap(nth),
            resident: 1 << 20,
            threads: 3,
            descriptors: 9,
        };
        Samples((0..30).map(figures).collect())
    }

    #[test]
    fn what_comes_and_goes_is_flat() {
        samples(|nth| (nth % 3) << 20).are_flat().unwrap();
    }

    #[test]
    fn a_warm_up_is_flat() {
        samples(|nth| nth.min(10) << 20).are_flat().unwrap();
    }

    #[test]
    fn a_leak_is_not_flat() {
        let told = samples(|nth| nth * 2048).are_flat().unwrap_err();
        assert_eq!(told, "heap grew from 20480 to 40960");
    }
}
