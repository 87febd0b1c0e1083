//! Mail: handed over after the commit, sent by a thread of its own, repeated when the server does not take it. A letter holds a link
//! that is worth an account, so it is kept in memory only; what a crash loses is sent again on request.

use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use lettre::{
    Message, SmtpTransport, Transport as _,
    message::{Mailbox, header::ContentType},
};
use mgmt_core::account::Email;

use crate::{cli::Failure, config::Smtp};

/// Letters that may wait.
const QUEUE: usize = 1_000;
/// Pauses before the next attempts, in seconds.
const PAUSES: [u64; 6] = [0, 1, 5, 30, 120, 600];
const TIMEOUT: Duration = Duration::from_secs(20);

/// A mail in plain text.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) to: Email,
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// Takes letters; without a mail server it forgets them.
pub(crate) struct Mailer(Option<SyncSender<Letter>>);

impl Mailer {
    /// Starts the sending thread, if there is a mail server.
    ///
    /// # Errors
    /// When the address of the server or of the sender is none.
    pub(crate) fn start(settings: &Smtp) -> Result<Self, Failure> {
        let Some(url) = &settings.url else { return Ok(Self(None)) };
        let from: Mailbox = settings.from.parse().map_err(|_| Failure::new("MGMT_SMTP__FROM is no e-mail address"))?;
        let transport = SmtpTransport::from_url(url.reveal()).map_err(|_| Failure::new("MGMT_SMTP__URL is no mail server"))?;
        let transport = transport.timeout(Some(TIMEOUT)).build();
        let (sender, letters) = sync_channel(QUEUE);
        let work = move || deliver(&transport, &from, &letters);
        thread::Builder::new().name("mgmt-mail".to_owned()).spawn(work).map_err(Failure::new)?;
        Ok(Self(Some(sender)))
    }

    /// Hands a letter over. Never waits.
    pub(crate) fn send(&self, letter: Letter) {
        let Some(sender) = &self.0 else { return };
        if sender.try_send(letter).is_err() {
            tracing::error!("too many letters wait for the mail server: one was dropped");
        }
    }
}

fn deliver(transport: &SmtpTransport, from: &Mailbox, letters: &Receiver<Letter>) {
    while let Ok(letter) = letters.recv() {
        let Some(message) = message(from, &letter) else {
            tracing::error!("a letter could not be written");
            continue;
        };
        for (attempt, pause) in PAUSES.into_iter().enumerate() {
            thread::sleep(Duration::from_secs(pause));
            match transport.send(&message) {
                Ok(_) => break,
                Err(error) if error.is_permanent() => {
                    tracing::error!(?error, "the mail server refuses a letter");
                    break;
                }
                Err(error) => tracing::warn!(?error, attempt, "a letter could not be sent; it is repeated"),
            }
        }
    }
}

fn message(from: &Mailbox, letter: &Letter) -> Option<Message> {
    let to: Mailbox = letter.to.as_str().parse().ok()?;
    let builder = Message::builder().from(from.clone()).to(to).subject(&letter.subject);
    builder.header(ContentType::TEXT_PLAIN).body(letter.text.clone()).ok()
}
