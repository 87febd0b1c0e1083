//! Where requests begin and end in the bytes of a connection.
//!
//! The HTTP parser decides what a request says; this only follows along, to know which bytes belong to a head. There a
//! line ends with CR LF and with nothing else: the parser also takes a bare LF, which other parsers on the way may read
//! differently. No target holds a fragment (RFC 9112, section 3.2), which the parser would drop without a word. Such bytes are
//! overwritten with one that the parser refuses. The two agree on what a body is as long as the parser accepts the head, and when it
//! does not, the connection ends.

use memchr::memchr;

/// Enough of a line to know the fields that frame a body.
const REMEMBERED: usize = 64;

/// No head may hold this byte, so the parser refuses it at once.
pub(super) const POISON: u8 = 0;

/// Follows one connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    state: State,
    /// The start of the current line.
    line: Vec<u8>,
    previous: u8,
    head: Head,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    Body(u64),
    ChunkSize,
    ChunkData(u64),
    Trailer,
    /// Bytes that are no HTTP any more, or whose parser has given up.
    Opaque,
}

/// What is known of the head that is being read.
#[derive(Debug, Default)]
struct Head {
    /// Bytes of the request line, also after it has ended.
    request_line: usize,
    has_request_line: bool,
    length: u64,
    chunked: bool,
    upgrade: bool,
}

impl Framing {
    /// Takes note of bytes, and poisons what a head must not hold.
    pub(super) fn watch(&mut self, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = match &mut self.state {
                State::Opaque => return,
                State::Body(left) | State::ChunkData(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= taken as u64;
                    taken
                }
                State::Head | State::ChunkSize | State::Trailer => self.line_of(rest),
            };
            match self.state {
                State::Body(0) => self.state = State::Head,
                State::ChunkData(0) => self.state = State::ChunkSize,
                _ => {}
            }
            rest = rest.get_mut(taken..).unwrap_or_default();
        }
    }

    /// Whether a head has begun and not ended.
    pub(super) fn is_inside_head(&self) -> bool {
        self.state == State::Head && (self.head.has_request_line || !self.line.is_empty())
    }

    /// The length of the request line that was read last, or is being read.
    pub(super) fn request_line(&self) -> usize {
        self.head.request_line
    }

    /// Takes the bytes of one line, or those that are there of it; how many they are.
    fn line_of(&mut self, bytes: &mut [u8]) -> usize {
        let end = memchr(b'\n', bytes);
        let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        if self.state == State::Head && !self.head.has_request_line && !part.is_empty() {
            let before = if self.line.is_empty() { 0 } else { self.head.request_line };
            self.head.request_line = before + part.len();
            if let Some(fragment) = memchr(b'#', part) {
                return self.poison(bytes, fragment);
            }
        }
        if let Some(last) = part.last() {
            self.previous = *last;
        }
        let Some(end) = end else {
            self.remember(part);
            return bytes.len();
        };
        if self.previous != b'\r' && self.state != State::ChunkSize {
            return self.poison(bytes, end);
        }
        self.previous = b'\n';
        if self.line.is_empty() {
            self.end_of_line(start_of(part, REMEMBERED));
        } else {
            self.remember(part);
            let mut line = std::mem::take(&mut self.line);
            self.end_of_line(&line);
            line.clear();
            self.line = line;
        }
        end + 1
    }

    fn poison(&mut self, bytes: &mut [u8], at: usize) -> usize {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = POISON;
        }
        self.state = State::Opaque;
        at + 1
    }

    fn remember(&mut self, part: &[u8]) {
        self.line.extend_from_slice(start_of(part, REMEMBERED.saturating_sub(self.line.len())));
    }

    fn end_of_line(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.state {
            State::ChunkSize => self.chunk_size(line),
            State::Trailer if line.is_empty() => self.state = State::Head,
            State::Head if line.is_empty() => self.end_of_head(),
            State::Head if self.head.has_request_line => self.field(line),
            State::Head => {
                self.head.has_request_line = true;
                self.head.upgrade = line.starts_with(b"CONNECT ");
            }
            _ => {}
        }
    }

    fn field(&mut self, line: &[u8]) {
        // Most fields are none of those that matter.
        if !matches!(line.first(), Some(b'C' | b'c' | b'T' | b't' | b'U' | b'u')) {
            return;
        }
        let Some((name, value)) = std::str::from_utf8(line).ok().and_then(|line| line.split_once(':')) else { return };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            self.head.length = value.parse().unwrap_or(0);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.head.chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("upgrade") {
            self.head.upgrade |= value.eq_ignore_ascii_case("websocket");
        }
    }

    fn end_of_head(&mut self) {
        if !self.head.has_request_line {
            // An empty line before a request is allowed.
            return;
        }
        let Head { length, chunked, upgrade, request_line, .. } = self.head;
        self.head = Head { request_line, ..Head::default() };
        self.state = match (chunked, length, upgrade) {
            (true, ..) => State::ChunkSize,
            (false, 0, true) => State::Opaque,
            (false, 0, false) => State::Head,
            (false, length, _) => State::Body(length),
        };
    }

    fn chunk_size(&mut self, line: &[u8]) {
        let digits = line.split(|byte| matches!(byte, b';' | b' ' | b'\t')).next().unwrap_or_default();
        let size = std::str::from_utf8(digits).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
        self.state = match size {
            Some(0) => State::Trailer,
            // The line end after a chunk's data counts as data here.
            Some(size) => size.checked_add(2).map_or(State::Opaque, State::ChunkData),
            None => State::Opaque,
        };
    }
}

/// At most so many bytes of the beginning.
fn start_of(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(..count).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the parser gets to see, whatever the pieces are that the bytes come in.
    fn seen(text: &str) -> String {
        let whole = run(text, usize::MAX);
        for piece in 1..20 {
            assert_eq!(run(text, piece), whole, "{text:?} in pieces of {piece}");
        }
        whole.replace('\0', "!")
    }

    fn run(text: &str, piece: usize) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let mut framing = Framing::default();
        for part in bytes.chunks_mut(piece.min(text.len().max(1))) {
            framing.watch(part);
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn bodies_may_hold_anything() {
        for text in [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n{\n\n\n}GET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length:0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\n\n\n\r\na;x=y\r\n\n23456789\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nT: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\n\n\n",
            "CONNECT x:1 HTTP/1.1\r\n\r\n\n\n\n",
        ] {
            assert_eq!(seen(text), text);
        }
    }

    #[test]
    fn heads_may_not_hold_a_bare_line_feed() {
        for (text, expected) in [
            ("GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1!Host: x\n\n"),
            ("GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: x!A: b\r\n\r\n"),
            ("GET / HTTP/1.1\r\nHost: x\r\n\n", "GET / HTTP/1.1\r\nHost: x\r\n!"),
            ("\nGET /", "!GET /"),
            ("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n\n\nGET /\n", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n\n\nGET /!"),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n0\r\n\r\nGET /\n",
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n0\r\n\r\nGET /!",
            ),
        ] {
            assert_eq!(seen(text), expected);
        }
    }

    #[test]
    fn a_request_line_may_not_hold_a_fragment() {
        for (text, expected) in [
            ("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a!b HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("\r\nGET /# HTTP/1.1\r\n", "\r\nGET /! HTTP/1.1\r\n"),
            ("GET / HTTP/1.1\r\nX: #\r\n\r\nGET /a HTTP/1.1\r\nX: #", "GET / HTTP/1.1\r\nX: #\r\n\r\nGET /a HTTP/1.1\r\nX: #"),
            ("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n##GET #", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n##GET !"),
        ] {
            assert_eq!(seen(text), expected);
        }
    }

    #[test]
    fn heads_are_known_to_be_unfinished() {
        let inside = |text: &str| {
            let mut framing = Framing::default();
            framing.watch(&mut text.as_bytes().to_vec());
            (framing.is_inside_head(), framing.request_line())
        };
        assert_eq!(inside(""), (false, 0));
        assert_eq!(inside("GET"), (true, 3));
        assert_eq!(inside("GET / HTTP/1.1\r\nHost: x\r\n"), (true, 15));
        assert_eq!(inside("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (false, 15));
        assert_eq!(inside("\r\nGET"), (true, 3));
        assert_eq!(inside("GET / HTTP/1.1\r\n\r\nGE"), (true, 2));
        assert_eq!(inside("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\na"), (false, 16));
    }
}
