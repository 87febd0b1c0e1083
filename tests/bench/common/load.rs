//! A client in one thread: it goes round its connections, reads the answer that each has waiting, and sends the next request. So the server
//! always has something to do, and the client never asks the kernel which connection is ready.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{cpu_time, median};

/// One request as bytes.
pub(crate) type Bytes = Vec<u8>;

pub(crate) fn get(path: &str, fields: &[(&str, &str)]) -> Bytes {
    head("GET", path, fields, None)
}

pub(crate) fn post(path: &str, fields: &[(&str, &str)], body: &str) -> Bytes {
    head("POST", path, fields, Some(body))
}

fn head(method: &str, path: &str, fields: &[(&str, &str)], body: Option<&str>) -> Bytes {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    for (name, value) in fields {
        text += &format!("{name}: {value}\r\n");
    }
    if let Some(body) = body {
        text += &format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    }
    text += "\r\n";
    (text + body.unwrap_or_default()).into_bytes()
}

/// A connection that is asked one thing at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

impl Connection {
    pub(crate) fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { stream, buffer: vec![0; 16 * 1024], filled: 0 }
    }

    pub(crate) fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).unwrap();
    }

    /// Reads one answer; its status.
    pub(crate) fn receive(&mut self) -> u16 {
        self.filled = 0;
        loop {
            if self.filled == self.buffer.len() {
                self.buffer.resize(2 * self.filled, 0);
            }
            let read = self.stream.read(&mut self.buffer[self.filled..]).unwrap();
            assert!(read > 0, "the server closed the connection: {}", String::from_utf8_lossy(self.answer()));
            self.filled += read;
            if self.is_whole() {
                break;
            }
        }
        std::str::from_utf8(&self.buffer[9..12]).unwrap().parse().unwrap()
    }

    pub(crate) fn ask(&mut self, request: &[u8]) -> u16 {
        self.send(request);
        self.receive()
    }

    /// The answer that was read last, head and body.
    pub(crate) fn answer(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// The body of the answer that was read last.
    pub(crate) fn body(&self) -> &str {
        std::str::from_utf8(self.answer()).unwrap().split_once("\r\n\r\n").unwrap().1
    }

    fn is_whole(&self) -> bool {
        let answer = self.answer();
        let Some(end) = find(answer, b"\r\n\r\n") else { return false };
        answer.len() >= end + 4 + length(&answer[..end])
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn length(head: &[u8]) -> usize {
    // All servers that are asked here write it in one of these ways.
    let start = [b"content-length: ", b"Content-Length: "].iter().find_map(|name| Some(find(head, *name)? + name.len()));
    let digits = start.map_or(&head[..0], |start| &head[start..]);
    digits.iter().take_while(|b| b.is_ascii_digit()).fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))
}

/// What a round of load showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    pub(crate) per_second: f64,
    /// Processor time of the server for one request, in microseconds.
    pub(crate) cpu: f64,
}

/// Asks over `count` connections for as long as told, and demands the same status of every answer.
pub(crate) fn run(address: &str, pid: u32, count: usize, requests: &[Bytes], status: u16, time: Duration) -> Round {
    run_tree(address, &[pid], count, requests, status, time)
}

/// As [`run`], for a server of several processes.
pub(crate) fn run_tree(address: &str, pids: &[u32], count: usize, requests: &[Bytes], status: u16, time: Duration) -> Round {
    let mut connections: Vec<_> = (0..count).map(|_| Connection::open(address)).collect();
    let mut next = requests.iter().cycle();
    for connection in &mut connections {
        connection.send(next.next().unwrap());
    }
    let used = || pids.iter().map(|pid| cpu_time(*pid)).sum::<Duration>();
    let (start, before, mut done) = (Instant::now(), used(), 0_u64);
    while start.elapsed() < time {
        for connection in &mut connections {
            let got = connection.receive();
            assert_eq!(got, status, "{}", String::from_utf8_lossy(connection.answer()));
            connection.send(next.next().unwrap());
        }
        done += count as u64;
    }
    let (took, spent) = (start.elapsed(), used() - before);
    for connection in &mut connections {
        connection.receive();
    }
    Round { per_second: done as f64 / took.as_secs_f64(), cpu: spent.as_secs_f64() * 1e6 / done as f64 }
}

/// The median of both figures.
pub(crate) fn middle(rounds: &[Round]) -> Round {
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    Round { per_second: of(|r| r.per_second), cpu: of(|r| r.cpu) }
}
