//! The receiving end of a queue whose messages carry the way to answer them.

use async_channel::{Receiver, RecvError, TryRecvError};

/// A channel keeps what is queued for as long as it has a sender, and with it the senders of the
/// answers. Once nothing receives, a client would wait for its answer for ever. So all receivers
/// share one inbox. When the last one lets go of it, by a panic too, it drops what is queued.
pub(crate) struct Inbox<T>(Receiver<T>);

impl<T> Inbox<T> {
    pub(crate) fn new(messages: Receiver<T>) -> Inbox<T> {
        Inbox(messages)
    }

    pub(crate) async fn recv(&self) -> Result<T, RecvError> {
        self.0.recv().await
    }

    pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
        self.0.try_recv()
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        self.0.close(); // nothing is queued from here on
        while self.0.try_recv().is_ok() {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use tokio::sync::oneshot::error::TryRecvError;

    use super::Inbox;

    #[test]
    fn those_who_wait_for_an_answer_hear_that_nobody_receives() {
        let (sender, receiver) = async_channel::unbounded();
        let inbox = Inbox::new(receiver);
        let (answer, mut answered) = oneshot::channel::<()>();
        sender.try_send(answer).unwrap();
        drop(inbox);
        assert_eq!(answered.try_recv(), Err(TryRecvError::Closed));
        assert!(sender.is_closed());
    }
}
