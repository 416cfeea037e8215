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
        self.older.extend(self.newest.replace(item));
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

    /// The oldest item that is not `before` what is looked for. All that are come first.
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
