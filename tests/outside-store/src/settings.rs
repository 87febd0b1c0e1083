//! Facts about the installation, and failed sign-ins.

use mgmt_core::time::Timestamp;
use mgmt_store::{Result, Settings, Throttle, Throttles};

use crate::tx::MemoryTx;

impl Settings for MemoryTx {
    fn find(&mut self, name: &str) -> Result<Option<String>> {
        self.look(|s| s.settings.get(name).cloned())
    }

    fn insert(&mut self, name: &str, value: &str) -> Result<bool> {
        self.write(|s| {
            let is_new = !s.settings.has(name);
            if is_new {
                s.settings.put(name.to_owned(), value.to_owned());
            }
            Ok(is_new)
        })
    }
}

impl Throttles for MemoryTx {
    fn find(&mut self, subject: &str) -> Result<Option<Throttle>> {
        self.look(|s| s.throttles.get(subject).copied())
    }

    fn fail(&mut self, subject: &str, at: Timestamp) -> Result<()> {
        self.write(|s| {
            let failures = s.throttles.get(subject).map_or(0, |known| known.failures) + 1;
            s.throttles.put(subject.to_owned(), Throttle { failures, last_failure_at: at });
            Ok(())
        })
    }

    fn clear(&mut self, subject: &str) -> Result<()> {
        self.write(|s| {
            s.throttles.remove(subject, |_| true);
            Ok(())
        })
    }

    fn delete_before(&mut self, before: Timestamp) -> Result<usize> {
        self.write(|s| Ok(s.throttles.remove_all(|known| known.last_failure_at < before)))
    }
}
