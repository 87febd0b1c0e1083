//! Stopping without breaking anything off: which requests run, and whether new ones should go elsewhere.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// Shared by the workers and the part that stops them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drain(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    draining: AtomicBool,
    /// Requests that began before the stop was asked for.
    early: AtomicUsize,
    idle: Notify,
}

impl Drain {
    /// Counts a request until the guard is dropped.
    pub(crate) fn enter(&self) -> Running {
        // Counted first and looked at afterwards, so that `finished` can't miss a request that saw no stop.
        self.0.early.fetch_add(1, Ordering::SeqCst);
        let running = Running(Some(Arc::clone(&self.0)));
        if self.is_draining() {
            drop(running);
            return Running(None);
        }
        running
    }

    /// Asks for the stop: `/readyz` says so from now on, and connections end after their answer.
    pub(crate) fn begin(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
        self.0.idle.notify_waiters();
    }

    /// Whether the server is stopping.
    pub(crate) fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::SeqCst)
    }

    /// Waits until every request that began before the stop has its answer.
    pub(crate) async fn finished(&self) {
        loop {
            let notified = self.0.idle.notified();
            if self.0.early.load(Ordering::SeqCst) == 0 {
                return;
            }
            notified.await;
        }
    }
}

/// A request that is being worked on.
#[derive(Debug)]
pub(crate) struct Running(Option<Arc<Shared>>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take()
            && shared.early.fetch_sub(1, Ordering::SeqCst) == 1
        {
            shared.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[actix_web::test]
    async fn waits_for_the_requests_that_began_before() {
        let drain = Drain::default();
        let running = drain.enter();
        drain.begin();
        let late = drain.enter();
        let wait = |d: Drain| async move { tokio::time::timeout(Duration::from_millis(20), d.finished()).await };
        assert!(wait(drain.clone()).await.is_err());
        drop(running);
        assert!(wait(drain.clone()).await.is_ok());
        drop(late);
        assert!(drain.is_draining());
    }
}
