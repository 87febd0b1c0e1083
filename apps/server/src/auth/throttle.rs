//! Slowing down sign-ins that fail: by account and by source. The wait grows with each failure and ends by itself. Whoever signs in from
//! where they did so lately is counted apart from strangers, so that nobody can lock somebody else out for good. Counts live in the
//! database: all nodes share them, and a restart forgets none.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use mgmt_core::{
    account::Email,
    error::{Code, Error},
    id::{SessionId, UserId},
    time::Timestamp,
};
use mgmt_store::Throttle;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use crate::{
    app::{App, Work},
    error::ApiError,
};

/// What is counted on.
#[derive(Clone, Copy, Debug)]
struct Rule {
    /// Failures before anybody has to wait.
    free: i64,
    /// The longest wait.
    longest_secs: i64,
    /// After this long without a failure, the count starts anew.
    forget_secs: i64,
}

const ACCOUNT: Rule = Rule { free: 5, longest_secs: 900, forget_secs: 24 * 3600 };
/// Many people may share an address.
const SOURCE: Rule = Rule { free: 30, longest_secs: 300, forget_secs: 3600 };
/// The most failures in a row that an account may see; then it waits for a day.
const HARD_CAP: i64 = 100;
const HARD_WAIT_SECS: i64 = 24 * 3600;

/// How long a place is familiar after a session from there has ended by itself; so long sessions are kept.
pub(crate) const FAMILIAR_SECS: i64 = 30 * 24 * 3600;

/// The subjects of one sign-in, stretched so that the database holds no address of a stranger.
#[derive(Clone, Debug)]
pub(crate) struct Subjects {
    account: String,
    /// The account as seen from this network alone.
    familiar: String,
    source: String,
    network: String,
}

/// Sign-ins to one account that may wait for each other.
const MAX_WAITING: usize = 32;

/// The accounts that somebody signs in to right now.
pub(crate) type Turns = Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>;

/// The right to try a password of an account; over when dropped.
pub(crate) struct Turn(#[expect(dead_code, reason = "held, not read")] OwnedMutexGuard<()>);

impl Subjects {
    /// For a sign-in to `email` from `address`.
    pub(crate) fn new(app: &App, email: &Email, address: IpAddr) -> Self {
        let network = network_of(address);
        Self {
            account: name(app, "account", email.as_str()),
            familiar: name(app, "familiar", &format!("{}\n{network}", email.as_str())),
            source: name(app, "source", &network),
            network,
        }
    }

    /// For somebody who is signed in and is asked for their password: only who has the session can be slowed down by it.
    pub(crate) fn of_session(app: &App, email: &Email, session: SessionId, address: IpAddr) -> Self {
        Self { account: name(app, "session", &session.to_string()), ..Self::new(app, email, address) }
    }

    /// Counts on what comes from this network alone, where somebody has signed in to the account from there lately, and that session was not
    /// ended by hand.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) fn recognised(self, work: &mut Work<'_>, user: Option<UserId>) -> Result<Self, ApiError> {
        // The same is asked for an account that does not exist: time tells nothing.
        let since = work.now.plus_secs(-FAMILIAR_SECS);
        let sessions = work.tx.sessions().list_open(user.unwrap_or(UserId::from_u128(0)), since)?;
        let addresses = sessions.iter().filter_map(|session| session.address.as_deref()?.parse().ok());
        let is_familiar = addresses.map(network_of).any(|network| network == self.network);
        Ok(if is_familiar { Self { account: self.familiar.clone(), ..self } } else { self })
    }

    /// Waits for its turn: passwords of one account are tried one after the other, so that guesses at the same moment are
    /// counted like guesses in a row.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub(crate) async fn turn(&self, app: &App) -> Result<Turn, ApiError> {
        let lock = {
            let mut turns = app.turns.lock();
            turns.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(turns.entry(self.account.clone()).or_default())
        };
        if Arc::strong_count(&lock) > MAX_WAITING {
            return Err(Error::new(Code::Unavailable, "too many sign-ins at once").with_retry_after(2).into());
        }
        Ok(Turn(lock.lock_owned().await))
    }

    /// For forgotten passwords, which count apart from sign-ins.
    pub(crate) fn of_resets(app: &App, email: &Email, address: IpAddr) -> Self {
        let all = Self::new(app, email, address);
        Self { account: format!("reset {}", all.account), source: format!("reset {}", all.source), ..all }
    }

    /// Refuses a sign-in that comes too early.
    ///
    /// # Errors
    /// 429 with the seconds to wait.
    pub(crate) fn check(&self, work: &mut Work<'_>) -> Result<(), ApiError> {
        let mut wait = 0;
        for (subject, rule) in [(&self.account, ACCOUNT), (&self.source, SOURCE)] {
            if let Some(throttle) = work.tx.throttles().find(subject)? {
                wait = wait.max(remaining(&throttle, rule, work.now));
            }
        }
        if wait == 0 {
            return Ok(());
        }
        let message = "too many failed sign-ins: wait for `Retry-After` seconds";
        Err(Error::new(Code::RateLimited, message).with_retry_after(wait).into())
    }

    /// Counts a failure.
    pub(crate) fn fail(&self, work: &mut Work<'_>) -> Result<(), ApiError> {
        for (subject, rule) in [(&self.account, ACCOUNT), (&self.source, SOURCE)] {
            let known = work.tx.throttles().find(subject)?;
            if known.is_some_and(|t| t.last_failure_at.plus_secs(rule.forget_secs) <= work.now) {
                work.tx.throttles().clear(subject)?;
            }
            work.tx.throttles().fail(subject, work.now)?;
        }
        Ok(())
    }

    /// Forgets the account's failures after a success. The source's stay: one good password does not excuse a hundred guesses.
    pub(crate) fn succeed(&self, work: &mut Work<'_>) -> Result<(), ApiError> {
        Ok(work.tx.throttles().clear(&self.account)?)
    }
}

/// IPv6 clients count by their network of 64 bits.
fn network_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("{:x}/64", u128::from(v6) >> 64),
    }
}

/// A subject that tells nobody whom or what it stands for.
fn name(app: &App, kind: &str, text: &str) -> String {
    let tag = app.keyring.throttle.authenticate(format!("{kind}\n{text}").as_bytes());
    tag.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

fn remaining(throttle: &Throttle, rule: Rule, now: Timestamp) -> u64 {
    if throttle.last_failure_at.plus_secs(rule.forget_secs) <= now {
        return 0;
    }
    let over = throttle.failures - rule.free;
    let wait = match over {
        i64::MIN..=-1 => 0,
        _ if rule.forget_secs == ACCOUNT.forget_secs && throttle.failures >= HARD_CAP => HARD_WAIT_SECS,
        0..=20 => (1_i64 << over).min(rule.longest_secs),
        _ => rule.longest_secs,
    };
    now.secs_until(throttle.last_failure_at.plus_secs(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_ends() {
        let start = Timestamp::from_millis(1_800_000_000_000);
        let after = |failures, secs| remaining(&Throttle { failures, last_failure_at: start }, ACCOUNT, start.plus_secs(secs));
        assert_eq!(after(4, 0), 0);
        assert_eq!([after(5, 0), after(6, 0), after(9, 0)], [1, 2, 16]);
        assert_eq!(after(99, 0), 900);
        assert_eq!(after(99, 900), 0);
        assert_eq!(after(100, 0), 24 * 3600);
        assert_eq!(after(1000, 24 * 3600), 0);
    }
}
