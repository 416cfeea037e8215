//! A queue that mostly has one item.

use std::collections::VecDeque;

/// A queue that keeps its newest item in place, so that one item takes no allocation.
///
/// Without a newest item there is no older one.
pub(crate) struct ShortQueue<T> {
    older: VecDeque<T>,
    newest: Option<T>,
}

impl<T> ShortQueue<T> {
    pub(crate) fn push(&mut self, item: T) {
        if let Some(older) = self.newest.replace(item) {
            self.older.push_back(older);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        self.older.pop_front().or_else(|| self.newest.take())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    pub(crate) fn oldest(&self) -> Option<&T> {
        self.older.front().or(self.newest.as_ref())
    }

    pub(crate) fn oldest_mut(&mut self) -> Option<&mut T> {
        self.older.front_mut().or(self.newest.as_mut())
    }

    pub(crate) fn newest(&self) -> Option<&T> {
        self.newest.as_ref()
    }

    pub(crate) fn newest_mut(&mut self) -> Option<&mut T> {
        self.newest.as_mut()
    }

    /// From the oldest to the newest.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.older.iter().chain(&self.newest)
    }

    /// The oldest item that is not `before` what is looked for, or the newest. All that are before it
    /// come first.
    pub(crate) fn find_sorted(&self, before: impl FnMut(&T) -> bool) -> Option<&T> {
        let at = self.older.partition_point(before);
        self.older.get(at).or(self.newest.as_ref())
    }

    /// Gives the memory of an empty queue back, if it was for more than `most` items.
    pub(crate) fn shrink_above(&mut self, most: usize) {
        if self.is_empty() && self.older.capacity() > most {
            self.older = VecDeque::new();
        }
    }
}

impl<T> Default for ShortQueue<T> {
    fn default() -> ShortQueue<T> {
        ShortQueue {
            older: VecDeque::new(),
            newest: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_queue_whatever_its_length() {
        let mut queue = ShortQueue::default();
        let mut expected = VecDeque::new();
        for item in 0..50 {
            // It grows, shrinks to nothing, and grows again.
            let pops = if item % 10 < 6 { 0 } else { 3 };
            for _ in 0..pops {
                assert_eq!(queue.pop(), expected.pop_front());
            }
            queue.push(item);
            expected.push_back(item);

            assert!(queue.iter().eq(&expected));
            assert_eq!(queue.oldest(), expected.front());
            assert_eq!(queue.newest(), expected.back());
            for looked_for in 0..=item {
                let found = queue.find_sorted(|&item| item < looked_for);
                let at_or_behind = expected.iter().find(|&&item| item >= looked_for);
                assert_eq!(found, at_or_behind);
            }
        }
        while queue.pop().is_some() {
            assert!(expected.pop_front().is_some());
            assert_eq!(queue.is_empty(), expected.is_empty());
        }
        assert!(expected.is_empty());
    }

    #[test]
    fn it_gives_the_memory_of_a_flood_back() {
        let mut queue = ShortQueue::default();
        (0..100_u64).for_each(|item| queue.push(item));
        queue.shrink_above(10);
        assert_eq!(queue.iter().count(), 100, "it is not empty");
        while queue.pop().is_some() {}
        queue.shrink_above(1000);
        assert!(queue.older.capacity() >= 99, "it is not long");
        queue.shrink_above(10);
        assert_eq!(queue.older.capacity(), 0);
    }
}
