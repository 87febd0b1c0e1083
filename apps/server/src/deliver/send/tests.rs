//! Real sockets on loopback: a canary that must never be reached, and endpoints that misbehave.

use std::{
    future::Future,
    io::{self, Read as _, Write as _},
    net::{IpAddr, TcpListener},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{super::guard::SystemLookup, *};

/// 1994-11-06T08:49:37Z, the time of HTTP's own examples.
const NOW: Timestamp = Timestamp::from_millis(784_111_777_000);

/// A name server that says one thing after the other, and the last one for ever.
struct Says(Mutex<Vec<Vec<IpAddr>>>);

impl Lookup for Says {
    fn lookup(&self, _name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Box::pin(async move { Ok(answer) })
    }
}

fn says(answers: &[&[&str]]) -> Arc<dyn Lookup> {
    let parse = |list: &&[&str]| list.iter().map(|a| a.parse().unwrap()).collect();
    Arc::new(Says(Mutex::new(answers.iter().map(parse).collect())))
}

/// Listens on an address, counts connections, and answers each with the same bytes.
struct Listener {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Listener {
    fn answering(address: &str, answer: Vec<u8>, drip: Option<Duration>) -> Self {
        let socket = TcpListener::bind((address, 0)).unwrap();
        let (port, connections) = (socket.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in socket.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
                let (mut stream, answer) = (stream.unwrap(), answer.clone());
                thread::spawn(move || {
                    let _ = stream.read(&mut [0; 4096]);
                    for piece in answer.chunks(if drip.is_some() { 1 } else { usize::MAX }) {
                        thread::sleep(drip.unwrap_or_default());
                        if stream.write_all(piece).is_err() {
                            return;
                        }
                    }
                    thread::sleep(Duration::from_millis(if drip.is_some() { 0 } else { 100 }));
                });
            }
        });
        Self { port, connections }
    }

    fn ok(address: &str) -> Self {
        Self::answering(address, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec(), None)
    }

    fn count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn rules(networks: &[&str]) -> Arc<TargetRules> {
    let allowed_networks = networks.iter().map(|n| n.parse().unwrap()).collect();
    Arc::new(TargetRules { allow_http: true, allowed_networks, own_hosts: Vec::new() })
}

fn send_with(rules: Arc<TargetRules>, lookup: Arc<dyn Lookup>, urls: &[String]) -> Vec<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sender = Sender::new(rules, lookup, Duration::from_millis(1500)).unwrap();
        let mut outcomes = Vec::new();
        for url in urls {
            outcomes.push(sender.send(NOW, url, vec![("webhook-id", "evt_1".to_owned())], Arc::from("{}"), Duration::MAX).await);
        }
        outcomes
    })
}

fn send(networks: &[&str], lookup: Arc<dyn Lookup>, url: &str) -> Outcome {
    send_with(rules(networks), lookup, &[url.to_owned()]).remove(0)
}

#[test]
fn an_allowed_endpoint_is_called() {
    let endpoint = Listener::ok("127.0.0.1");
    let outcome = send(&["127.0.0.0/8"], says(&[&["127.0.0.1"]]), &format!("http://127.0.0.1:{}/", endpoint.port));
    assert_eq!((outcome.status, outcome.error_text(), outcome.excerpt_text().as_deref()), (Some(200), None, Some("ok")));
    let by_name = send(&["127.0.0.0/8"], says(&[&["127.0.0.1"]]), &format!("http://hooks.example:{}/", endpoint.port));
    assert_eq!(by_name.status, Some(200));
}

#[test]
fn no_spelling_reaches_the_canary() {
    let canary = Listener::ok("127.0.0.1");
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.1",
        "127.1",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:7f00:1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "a.localhost",
        "１２７.0.0.1",
        "%31%32%37.0.0.1",
        "good@127.0.0.1",
        "127.0.0.1\\",
        "0",
        "0.0.0.0",
        "[::]",
        "canary.example",
    ] {
        for scheme in ["http", "https"] {
            let outcome = send(&[], says(&[&["127.0.0.1"]]), &format!("{scheme}://{host}:{}/", canary.port));
            let failure = outcome.failure.unwrap();
            assert!(matches!(failure, FailureClass::InvalidUrl | FailureClass::BlockedAddress), "{host}: {failure:?}");
            assert_eq!(outcome.status, None);
        }
    }
    assert_eq!(canary.count(), 0);
}

#[test]
fn one_bad_address_is_enough() {
    let canary = Listener::ok("127.0.0.1");
    let url = format!("http://hooks.example:{}/", canary.port);
    for answers in
        [&["127.0.0.1", "93.184.216.34"][..], &["93.184.216.34", "127.0.0.1"], &["2606:4700::1111", "::1"], &["::ffff:127.0.0.1"]]
    {
        assert_eq!(send(&[], says(&[answers]), &url).failure, Some(FailureClass::BlockedAddress), "{answers:?}");
    }
    assert_eq!(canary.count(), 0);
    assert_eq!(send(&[], says(&[&[]]), &url).failure, Some(FailureClass::Dns));
}

/// A name that is good when it is first looked up and bad afterwards is judged each time a connection is made.
#[test]
fn rebinding_gains_nothing() {
    let (endpoint, canary) = (Listener::ok("127.0.0.2"), Listener::ok("127.0.0.1"));
    let urls = [endpoint.port, canary.port].map(|port| format!("http://hooks.example:{port}/"));
    let outcomes = send_with(rules(&["127.0.0.2/32"]), says(&[&["127.0.0.2"], &["127.0.0.1"]]), &urls);
    assert_eq!(outcomes[0].status, Some(200));
    assert_eq!(outcomes[1].failure, Some(FailureClass::BlockedAddress));
    assert_eq!((endpoint.count(), canary.count()), (1, 0));
}

/// `localhost` has two addresses on most systems. The one that is not allowed is left out; any other company is refused.
#[test]
fn localhost_is_called_at_the_address_that_is_allowed() {
    let endpoint = Listener::ok("127.0.0.1");
    let url = format!("http://localhost:{}/", endpoint.port);
    assert_eq!(send(&["127.0.0.0/8"], says(&[&["::1", "127.0.0.1"]]), &url).status, Some(200));
    assert_eq!(send(&["127.0.0.0/8"], Arc::new(SystemLookup::new()), &url).status, Some(200));
    for answers in [&["::1"][..], &["127.0.0.1", "10.0.0.1"], &["127.0.0.1", "8.8.8.8"]] {
        let outcome = send(&["127.0.0.0/8"], says(&[answers]), &url);
        assert_eq!(outcome.failure, Some(FailureClass::BlockedAddress), "{answers:?}");
    }
    assert_eq!(endpoint.count(), 2);
}

/// What the system itself resolves is judged like anything else.
#[test]
fn the_systems_resolver_is_guarded() {
    let canary = Listener::ok("127.0.0.1");
    let answer = send(&[], Arc::new(SystemLookup::new()), &format!("http://localhost:{}/", canary.port));
    assert_eq!(answer.failure, Some(FailureClass::InvalidUrl));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(SystemLookup::new().lookup("localhost".to_owned())).unwrap();
    assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    assert_eq!(canary.count(), 0);
}

#[test]
fn redirects_are_failures() {
    let canary = Listener::ok("127.0.0.1");
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let answer = format!("HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:{}/\r\ncontent-length: 0\r\n\r\n", canary.port);
        let endpoint = Listener::answering("127.0.0.2", answer.into_bytes(), None);
        let outcome = send(&["127.0.0.0/8"], says(&[&["127.0.0.2"]]), &format!("http://hooks.example:{}/", endpoint.port));
        assert_eq!(outcome.error_text(), Some("http_status"), "{status}");
    }
    assert_eq!(canary.count(), 0);
}

#[test]
fn long_answers_are_cut() {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n".to_vec();
    answer.extend(vec![b'x'; 4 << 20]);
    let endpoint = Listener::answering("127.0.0.1", answer, None);
    let outcome = send(&["127.0.0.0/8"], says(&[&["127.0.0.1"]]), &format!("http://127.0.0.1:{}/", endpoint.port));
    assert_eq!((outcome.status, outcome.excerpt.len()), (Some(200), MAX_EXCERPT));
    assert!(outcome.duration < Duration::from_millis(1400), "{:?}", outcome.duration);
}

#[test]
fn header_fields_are_bounded() {
    let answer = |count: usize, length: usize| {
        let fields: String = (0..count).map(|n| format!("x-{n:04}: {}\r\n", "a".repeat(length - 6))).collect();
        format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n").into_bytes()
    };
    for (answer, error) in [
        (answer(31, 1024), None),
        (answer(1, 31 * 1024), None),
        (answer(33, 1024), Some("response_too_large")),
        (answer(1, 33 * 1024), Some("response_too_large")),
        // More fields, or more bytes, than the client itself takes.
        (answer(200, 16), Some("connection_lost")),
        (answer(90, 10_000), Some("connection_lost")),
    ] {
        let length = answer.len();
        let endpoint = Listener::answering("127.0.0.1", answer, None);
        let outcome = send(&["127.0.0.0/8"], says(&[&["127.0.0.1"]]), &format!("http://127.0.0.1:{}/", endpoint.port));
        assert_eq!(outcome.error_text(), error, "{length} bytes");
    }
}

#[test]
fn a_pause_is_asked_for_in_seconds_or_until_a_time() {
    for (text, pause) in [
        ("0", Some(0)),
        ("120", Some(120)),
        ("Sun, 06 Nov 1994 08:51:37 GMT", Some(120)),
        ("Sunday, 06-Nov-94 08:51:37 GMT", Some(120)),
        ("Sun Nov  6 08:51:37 1994", Some(120)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
        ("Sun, 06 Nov 1994 07:49:37 GMT", Some(0)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ] {
        let answer = format!("HTTP/1.1 503 Busy\r\nretry-after: {text}\r\ncontent-length: 0\r\n\r\n");
        let endpoint = Listener::answering("127.0.0.1", answer.into_bytes(), None);
        let outcome = send(&["127.0.0.0/8"], says(&[&["127.0.0.1"]]), &format!("http://127.0.0.1:{}/", endpoint.port));
        assert_eq!((outcome.status, outcome.retry_after), (Some(503), pause.map(Duration::from_secs)), "{text:?}");
    }
}

#[test]
fn slow_answers_end_at_the_deadline() {
    let drip = Some(Duration::from_millis(50));
    let head =
        Listener::answering("127.0.0.1", b"HTTP/1.1 200 OK\r\nx-a: b\r\nx-c: d\r\ncontent-length: 2\r\n\r\nok".to_vec(), drip);
    let mut long = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n".to_vec();
    long.extend(vec![b'x'; 500]);
    let body = Listener::answering("127.0.0.1", long, Some(Duration::from_millis(10)));
    for listener in [head, body] {
        let outcome = send(&["127.0.0.0/8"], says(&[&["127.0.0.1"]]), &format!("http://127.0.0.1:{}/", listener.port));
        assert_eq!(outcome.error_text(), Some("timeout"));
        assert!(outcome.duration < Duration::from_secs(3), "{:?}", outcome.duration);
    }
}

#[test]
fn compressed_answers_stay_compressed() {
    let bomb = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x4a\x06\x00\xc2\x41\x24\x35\x03\x00\x00\x00";
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    let endpoint = Listener::answering("127.0.0.1", [head.as_bytes(), bomb].concat(), None);
    let outcome = send(&["127.0.0.0/8"], says(&[&["127.0.0.1"]]), &format!("http://127.0.0.1:{}/", endpoint.port));
    assert_eq!(outcome.excerpt, bomb);
}

#[test]
fn a_flood_of_interim_answers_ends() {
    let flood = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(200_000);
    let endpoint = Listener::answering("127.0.0.1", flood, None);
    let outcome = send(&["127.0.0.0/8"], says(&[&["127.0.0.1"]]), &format!("http://127.0.0.1:{}/", endpoint.port));
    assert_eq!(outcome.status, None);
}

#[test]
fn what_is_no_http_is_a_lost_connection() {
    let endpoint = Listener::answering("127.0.0.1", b"220 smtp.example ESMTP\r\n".to_vec(), None);
    let plain = send(&["127.0.0.0/8"], says(&[&["127.0.0.1"]]), &format!("http://127.0.0.1:{}/", endpoint.port));
    assert_eq!(plain.error_text(), Some("connection_lost"));
    let tls = send(&["127.0.0.0/8"], says(&[&["127.0.0.1"]]), &format!("https://127.0.0.1:{}/", endpoint.port));
    assert_eq!(tls.error_text(), Some("tls"));
}
