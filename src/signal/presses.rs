//! Counts presses of Ctrl-C.

use std::time::{Duration, Instant};

/// How long copies of a press may arrive after it. Some parents (npm, make, wrapper scripts) forward
/// the Ctrl-C that the terminal has already sent to the whole process group, so that one press
/// arrives twice within milliseconds. A person needs longer to press again.
pub(super) const ONE_PRESS: Duration = Duration::from_millis(200);

/// The presses so far. A copy is not counted and does not extend the time for other copies, so a
/// person who keeps pressing is heard.
#[derive(Default)]
pub(super) struct Presses {
    count: u32,
    last_counted: Option<Instant>,
}

impl Presses {
    /// Counts a press that arrives `now`. Returns its number, from 1 on, or `None` for a copy.
    pub(super) fn count(&mut self, now: Instant) -> Option<u32> {
        let since_last = self
            .last_counted
            .map(|last| now.saturating_duration_since(last));
        if since_last.is_some_and(|since| since < ONE_PRESS) {
            return None;
        }
        self.last_counted = Some(now);
        self.count = self.count.saturating_add(1);
        Some(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of presses that arrive at these times, in milliseconds.
    fn counted<const N: usize>(arrivals: [u64; N]) -> [Option<u32>; N] {
        let start = Instant::now();
        let mut presses = Presses::default();
        arrivals.map(|at| presses.count(start + Duration::from_millis(at)))
    }

    #[test]
    fn law_31_a_press_within_200_ms_is_the_same_press() {
        assert_eq!(counted([0, 0, 199]), [Some(1), None, None]);
        assert_eq!(
            counted([0, 3, 500, 503, 699]),
            [Some(1), None, Some(2), None, None]
        );
    }

    #[test]
    fn law_31_a_press_after_200_ms_is_another_press() {
        assert_eq!(counted([0, 200, 400]), [Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn law_31_a_copy_does_not_extend_the_time_for_copies() {
        assert_eq!(counted([0, 150, 300]), [Some(1), None, Some(2)]);
    }
}
