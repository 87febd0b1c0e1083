use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{sleep, spawn};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(10);

/// A relay between a server and its database that can go silent: connections stay open, and nothing passes.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    silent: AtomicBool,
    over: AtomicBool,
}

impl Relay {
    /// A relay to `HOST:PORT`.
    #[must_use]
    pub fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (state, target) = (Arc::new(State::default()), target.to_owned());
        let shared = Arc::clone(&state);
        spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(server) = TcpStream::connect(&target) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                for (from, into) in [(&client, &server), (&server, &client)] {
                    let (from, into) = (from.try_clone().expect("a socket"), into.try_clone().expect("a socket"));
                    let shared = Arc::clone(&shared);
                    spawn(move || pump(from, into, &shared));
                }
            }
        });
        Self { address, state }
    }

    /// A database URL by way of the relay.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (authority, path) = rest.split_once('/').expect("a database name");
        let user = authority.rsplit_once('@').map(|(user, _)| format!("{user}@")).unwrap_or_default();
        format!("{scheme}://{user}{}/{path}", self.address)
    }

    /// From now on nothing passes.
    pub fn silence(&self) {
        self.state.silent.store(true, Ordering::SeqCst);
    }

    /// What was held up passes, and everything after.
    pub fn go_on(&self) {
        self.state.silent.store(false, Ordering::SeqCst);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn pump(mut from: TcpStream, mut into: TcpStream, state: &State) {
    let _ = from.set_read_timeout(Some(TICK));
    let mut buffer = vec![0; 64 * 1024];
    while !state.over.load(Ordering::SeqCst) {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(_) => break,
        };
        while state.silent.load(Ordering::SeqCst) && !state.over.load(Ordering::SeqCst) {
            sleep(TICK);
        }
        if into.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = into.shutdown(std::net::Shutdown::Both);
}
