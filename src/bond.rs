//! Ties what is made with an actor to the cell that the actor gets in its group.

use std::sync::{Arc, OnceLock, Weak};

use crate::cell::Cell;

/// Empty until the actor is added to a group.
#[derive(Clone, Default)]
pub(crate) struct Bond(Arc<OnceLock<Weak<Cell>>>);

impl Bond {
    pub(crate) fn tie(&self, cell: &Arc<Cell>) {
        let _ = self.0.set(Arc::downgrade(cell));
    }

    pub(crate) fn cell(&self) -> Option<Arc<Cell>> {
        self.0.get().and_then(Weak::upgrade)
    }
}
