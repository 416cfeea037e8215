//! What makes an actor end.

use crate::cause::Cause;
use crate::shared::latch::Latch;
use crate::sync::{Mutex, lock};

pub(crate) type Function = Box<dyn FnOnce(&Cause) + Send>;

/// The group calls it once, or drops it uncalled.
pub(crate) enum Interrupt {
    /// Calls a function, as in Go.
    Function(Once),
    /// Tells a context. The latch is true once the actor is interrupted, and false once it has left
    /// and never will be.
    Latch(Latch),
    /// Tells a context first, and then calls a function.
    Both(Box<(Latch, Once)>),
}

// The tag lies inside the latch.
const _: () = assert!(size_of::<Interrupt>() == size_of::<Latch>());

impl Interrupt {
    pub(crate) fn function(function: Function) -> Interrupt {
        Interrupt::Function(Once::new(function))
    }

    pub(crate) fn latch() -> Interrupt {
        Interrupt::Latch(Latch::new())
    }

    pub(crate) fn both(function: Function) -> Interrupt {
        Interrupt::Both(Box::new((Latch::new(), Once::new(function))))
    }

    /// The latch that the context looks at, if there is a context.
    pub(crate) fn as_latch(&self) -> Option<&Latch> {
        match self {
            Interrupt::Function(_) => None,
            Interrupt::Latch(latch) => Some(latch),
            Interrupt::Both(both) => Some(&both.0),
        }
    }

    pub(crate) fn call(&self, cause: &Cause) {
        if let Some(latch) = self.as_latch() {
            latch.set(true);
        }
        if let Some(function) = self.once().and_then(Once::take) {
            function(cause);
        }
    }

    /// Drops it uncalled.
    pub(crate) fn discard(&self) {
        if let Some(latch) = self.as_latch() {
            latch.set(false);
        }
        drop(self.once().and_then(Once::take));
    }

    fn once(&self) -> Option<&Once> {
        match self {
            Interrupt::Function(once) => Some(once),
            Interrupt::Latch(_) => None,
            Interrupt::Both(both) => Some(&both.1),
        }
    }
}

/// A function that is called at most once. It is locked because it is `Send` but not `Sync`, and is
/// called through a shared member. Only the group ever takes the lock.
pub(crate) struct Once(Mutex<Option<Function>>);

impl Once {
    fn new(function: Function) -> Once {
        Once(Mutex::new(Some(function)))
    }

    /// It is taken out before it is called or dropped, so that its panic leaves nothing behind.
    fn take(&self) -> Option<Function> {
        lock(&self.0).take()
    }
}
