//! Passwords: what is accepted, and how they are hashed. Argon2id (RFC 9106) with 46 MiB, one pass, one lane, on few threads of low
//! priority, so that a flood of sign-ins takes neither the memory nor the cores from key checks.

use std::{
    sync::{Arc, mpsc},
    thread,
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use mgmt_core::error::{Code, Error};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::error::ApiError;

const MEMORY_KIB: u32 = 47_104;
const MIN_CHARS: usize = 15;
const MAX_CHARS: usize = 1_024;
/// From here on a password is taken whatever it is made of.
const LONG_CHARS: usize = 64;
/// Sign-ins that may wait for a hash; more are told to come back.
const QUEUE: usize = 64;
/// Below everything else that the server does, as far as the system lets it.
const NICENESS: i32 = 19;
/// Guesses that a password must withstand, as a power of ten.
const MIN_GUESSES_LOG10: f64 = 6.0;

type Job = Box<dyn FnOnce() + Send>;

/// Hashes passwords, few at a time.
pub(crate) struct Passwords {
    threads: usize,
    waiting: Arc<Semaphore>,
    /// Where threads of low priority wait for work; they are started when there is some for the first time.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    /// The hash of a password that nobody has: checked where there is no user, so that time does not tell.
    dummy: String,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = (cores / 2).max(1);
        Self {
            threads,
            waiting: Arc::new(Semaphore::new(QUEUE + threads)),
            jobs: Mutex::default(),
            dummy: hash("a password that nobody has ever had").unwrap_or_default(),
        }
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// 503 when too many others wait.
    pub(crate) async fn hash(&self, password: Zeroizing<String>) -> Result<String, ApiError> {
        self.on_pool(move || hash(&password)).await?.ok_or_else(|| ApiError::internal("a password could not be hashed"))
    }

    /// Checks a password against a stored hash; against the dummy when there is none.
    ///
    /// # Errors
    /// 503 when too many others wait.
    pub(crate) async fn verify(&self, password: Zeroizing<String>, stored: Option<String>) -> Result<bool, ApiError> {
        let (stored, exists) = match stored {
            Some(stored) => (stored, true),
            None => (self.dummy.clone(), false),
        };
        Ok(self.on_pool(move || verify(&password, &stored)).await? && exists)
    }

    async fn on_pool<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let busy = || ApiError::from(Error::new(Code::Unavailable, "too many sign-ins at once").with_retry_after(2));
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| busy())?;
        let (sender, receiver) = oneshot::channel();
        let job = move || {
            // Held by the work itself: a client that goes away frees no place while its password is being hashed.
            let _place = place;
            if !sender.is_closed() {
                let _ = sender.send(work());
            }
        };
        self.submit(Box::new(job)).map_err(ApiError::internal)?;
        receiver.await.map_err(ApiError::unavailable)
    }

    fn submit(&self, job: Job) -> std::io::Result<()> {
        let mut jobs = self.jobs.lock();
        let sender = match &mut *jobs {
            Some(sender) => sender,
            none => none.insert(self.start()?),
        };
        sender.send(job).map_err(|_| std::io::Error::other("the threads for passwords have ended"))
    }

    fn start(&self) -> std::io::Result<mpsc::Sender<Job>> {
        let (sender, receiver) = mpsc::channel::<Job>();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..self.threads {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new().name("passwords".to_owned()).spawn(move || {
                // On Linux this is the thread's own. Where it is not allowed, sign-ins compete with checks.
                let _ = rustix::process::nice(NICENESS);
                loop {
                    let next = receiver.lock().recv();
                    let Ok(job) = next else { break };
                    // A panic is told to the log by its hook, and to who waits by the end of the channel.
                    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                }
            })?;
        }
        Ok(sender)
    }
}

/// Judges a new password. `context` holds words that it must not be built from.
///
/// # Errors
/// 400 under `field`, with the reason.
pub(crate) fn check_new(field: &str, password: &str, context: &[&str]) -> Result<(), Error> {
    let normal = normalized(password);
    let chars = normal.chars().count();
    if chars < MIN_CHARS {
        return Err(Error::invalid(field, format!("must have at least {MIN_CHARS} characters")));
    }
    if chars > MAX_CHARS {
        return Err(Error::invalid(field, format!("must have at most {MAX_CHARS} characters")));
    }
    // Nobody guesses at this length; and what the estimate costs stays bounded.
    if chars >= LONG_CHARS {
        return Ok(());
    }
    if zxcvbn::zxcvbn(&normal, context).guesses_log10() < MIN_GUESSES_LOG10 {
        let reason = "is too easy to guess: it is made of common passwords, your own names, repeats or sequences";
        return Err(Error::invalid(field, reason));
    }
    Ok(())
}

/// Normalization form KC, so that the same text from another keyboard is the same password (RFC 8265 does so too).
fn normalized(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkc().collect())
}

fn hasher() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, 1, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The PHC string of a password, with a random salt. For threads that may block.
pub(crate) fn hash(password: &str) -> Option<String> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).ok()?;
    let hash = hasher()?.hash_password_with_salt(normalized(password).as_bytes(), &salt).ok()?;
    Some(hash.to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(stored) else { return false };
    hasher().is_some_and(|h| h.verify_password(normalized(password).as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused_with_a_reason() {
        for weak in ["short", "12345678901234", "aaaaaaaaaaaaaaaaaaaa", "passwordpassword", "123456789012345", "password1234567"]
        {
            assert!(check_new("password", weak, &[]).is_err(), "{weak}");
        }
        assert!(check_new("password", "ana@example.com", &["ana@example.com"]).is_err());
        for strong in [
            "correct-horse-battery-staple",
            "日本語のパスワードは長いです七五三",
            "a very long password with spaces",
            &"x".repeat(128),
        ] {
            assert!(check_new("password", strong, &["ana"]).is_ok(), "{strong}");
        }
    }

    #[test]
    fn all_of_a_password_counts_in_one_normal_form() {
        let long = format!("{}a", "x".repeat(80));
        let stored = hash(&long).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"));
        assert!(verify(&long, &stored));
        assert!(!verify(&format!("{}b", "x".repeat(80)), &stored));
        assert!(verify("Cafe\u{301} au lait pour tous", &hash("Café au lait pour tous").unwrap()));
        assert!(!verify("x", "not a hash"));
    }
}
