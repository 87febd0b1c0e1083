//! The connection below the HTTP parser.
//!
//! The parser answers heads that it can't read by itself: a bare status line, after which it closes the connection. Such
//! an answer is recognised on its way out, as it is the only one without our request id, and replaced by our own error
//! with its body, header fields, log line and count. What comes in is followed to hold heads to their time and their line
//! ends, and to tell an address that is too long from header fields that are.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{
    HttpResponse,
    body::MessageBody as _,
    http::{Method, StatusCode},
    rt::{
        net::TcpStream,
        time::{Sleep, sleep},
    },
};
use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memrchr_iter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::{Framing, POISON};
use crate::{
    clock::Clock,
    http::{finish::Finish, limits::MAX_TARGET, request_id::RequestId},
    telemetry::{AccessRecord, Outcome, RequestMetrics},
};

/// Time for a head from its first byte on. The parser's own clock runs for the first head of a connection only.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// How long a client may leave what it asked for unread.
const WRITE_DEADLINE: Duration = Duration::from_secs(30);
/// What a refused client may still be sending is read and dropped, so that it gets to read the refusal: closing a socket
/// with unread bytes resets it.
const REST_DEADLINE: Duration = Duration::from_secs(2);
const REST_LENGTH: usize = 1024 * 1024;
/// The parser's own answers are shorter than this, and ours longer.
const BARE_LENGTH: usize = 160;

/// A connection whose every answer is one of ours, and whose client must keep reading.
pub(super) struct Guarded {
    stream: TcpStream,
    peer: Option<SocketAddr>,
    clock: Clock,
    framing: Framing,
    /// Runs while a head is incomplete.
    head_timer: Option<Pin<Box<Sleep>>>,
    /// Whether that was too long.
    late: bool,
    /// An answer of ours on its way out in place of the parser's.
    replacement: Bytes,
    stalled: Option<Pin<Box<Sleep>>>,
    /// Bytes that are still read after a refusal, and until when.
    rest: Option<(usize, Pin<Box<Sleep>>)>,
}

impl Guarded {
    pub(super) fn new(stream: TcpStream, peer: Option<SocketAddr>, clock: Clock) -> Self {
        Self {
            stream,
            peer,
            clock,
            framing: Framing::default(),
            head_timer: None,
            late: false,
            replacement: Bytes::new(),
            stalled: None,
            rest: None,
        }
    }

    fn replace(&mut self, status: StatusCode) {
        let status = match status {
            StatusCode::BAD_REQUEST if self.late => StatusCode::REQUEST_TIMEOUT,
            StatusCode::BAD_REQUEST | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE if self.framing.request_line() > MAX_TARGET => {
                StatusCode::URI_TOO_LONG
            }
            status => status,
        };
        let id = RequestId::new(self.clock.now());
        let record = AccessRecord {
            request_id: id.clone(),
            // What was asked for was not understood.
            method: Method::from_bytes(b"-").unwrap_or_default(),
            path: String::new(),
            client: self.peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical()),
            trace_id: None,
        };
        record.write(&Outcome { status, ..Outcome::default() });
        RequestMetrics::default().count(&record.method, None, status, Duration::ZERO);
        self.replacement = answer(status, id);
        self.rest = Some((REST_LENGTH, Box::pin(sleep(REST_DEADLINE))));
    }

    /// Whether a head has been incomplete for too long. Said once: what follows is the parser's refusal.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        if self.late || !self.framing.is_inside_head() {
            self.head_timer = None;
            return false;
        }
        let timer = self.head_timer.get_or_insert_with(|| Box::pin(sleep(HEAD_DEADLINE)));
        self.late = timer.as_mut().poll(context).is_ready();
        self.late
    }

    /// Whether the client has read nothing for too long.
    fn poll_stall(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let timer = self.stalled.get_or_insert_with(|| Box::pin(sleep(WRITE_DEADLINE)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the client does not read"))
    }

    fn poll_send(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.poll_stall(context).map(Err),
            done => {
                self.stalled = None;
                done
            }
        }
    }

    /// Reads what a refused client still sends, until it stops or has had its time.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some((left, deadline)) = &mut self.rest else { return Poll::Ready(()) };
        let mut dropped = [0_u8; 4096];
        while *left > 0 && deadline.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut dropped);
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => *left = left.saturating_sub(buffer.filled().len()),
                _ => break,
            }
        }
        self.rest = None;
        Poll::Ready(())
    }

    fn poll_replacement(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.replacement.has_remaining() {
            let bytes = self.replacement.clone();
            match ready!(self.poll_send(context, &bytes))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.replacement.advance(sent),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Guarded {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.framing.watch(buffer.filled_mut().get_mut(before..).unwrap_or_default());
        match read {
            Poll::Pending if this.is_late(context) => {
                buffer.put_slice(&[POISON]);
                Poll::Ready(Ok(()))
            }
            read => read,
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_replacement(context))?;
        match bare_answer(bytes) {
            None => this.poll_send(context, bytes),
            Some((0, status)) => {
                this.replace(status);
                let _ = this.poll_replacement(context)?;
                Poll::Ready(Ok(bytes.len()))
            }
            // Earlier answers go first; the parser offers the rest again.
            Some((start, _)) => this.poll_send(context, bytes.get(..start).unwrap_or_default()),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_replacement(context))?;
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_replacement(context))?;
        ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        this.poll_rest(context).map(Ok)
    }
}

/// Where the parser's own answer starts, if the bytes end with one: it has no body and none of our header fields.
fn bare_answer(bytes: &[u8]) -> Option<(usize, StatusCode)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(BARE_LENGTH);
    let tail = bytes.get(from..)?;
    let start = memrchr_iter(b'H', tail).find(|start| tail.get(*start..).is_some_and(|rest| rest.starts_with(b"HTTP/1.")))?;
    let head = std::str::from_utf8(tail.get(start..)?).ok()?;
    let mut lines = head.trim_end().split("\r\n");
    let code: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let bare = lines.all(|line| {
        let name = line.split(':').next().unwrap_or_default();
        ["content-length", "connection", "date"].iter().any(|known| name.eq_ignore_ascii_case(known))
    });
    let status = StatusCode::from_u16(code).ok().filter(|s| s.is_client_error() || s.is_server_error())?;
    bare.then_some((from + start, status))
}

/// Our answer in the place of the parser's.
fn answer(status: StatusCode, id: RequestId) -> Bytes {
    let finish = Finish { id, https: false, close: true, shape: None };
    let (response, body) = finish.apply(HttpResponse::new(status)).into_parts();
    let body = body.try_into_bytes().unwrap_or_default();
    let mut bytes = BytesMut::new();
    bytes.extend_from_slice(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n", body.len()).as_bytes());
    for (name, value) in response.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str =
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: Sat, 21 Nov 2026 05:00:00 GMT\r\n\r\n";

    #[test]
    fn the_parsers_own_answers_are_recognised() {
        assert_eq!(bare_answer(BARE.as_bytes()), Some((0, StatusCode::BAD_REQUEST)));
        let after = format!("HTTP/1.1 200 OK\r\nx-request-id: a\r\n\r\n{{}}{BARE}");
        assert_eq!(bare_answer(after.as_bytes()), Some((after.len() - BARE.len(), StatusCode::BAD_REQUEST)));
        for ours in [
            "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
            "HTTP/1.1 204 No Content\r\nx-request-id: a\r\ndate: x\r\n\r\n".to_owned(),
            BARE.replace("date", "x-request-id: a\r\ndate"),
            format!("{BARE}{{}}"),
            String::new(),
        ] {
            assert_eq!(bare_answer(ours.as_bytes()), None, "{ours}");
        }
    }

    #[test]
    fn our_answer_is_whole() {
        let id = RequestId::new(mgmt_core::time::Timestamp::from_millis(1));
        let text = String::from_utf8(answer(StatusCode::URI_TOO_LONG, id.clone()).to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 414 URI Too Long\r\n"), "{head}");
        assert!(head.contains(&format!("x-request-id: {}", id.as_str())));
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(json["error"]["code"], "uri_too_long");
    }
}
