use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::StatusCode,
    web::{self, Bytes, Data, PayloadConfig},
};
use serde_json::Value;

/// A request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// When.
    pub at: Instant,
    /// Path and query.
    pub path: String,
    /// In lower case, as they came.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Received {
    /// A header field.
    #[must_use]
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or_else(|| panic!("no {name} in {self:?}"), |(_, value)| value)
    }

    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The event's id.
    #[must_use]
    #[track_caller]
    pub fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }
}

/// What the sink answers.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// How long it takes.
    pub after: Duration,
}

impl Reply {
    /// An empty answer.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), after: Duration::ZERO }
    }

    /// With a header field.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// After a while.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }
}

/// A real HTTP server on loopback that keeps what it is sent, and answers as the test says.
pub struct Sink {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    server: ServerHandle,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("port", &self.port).finish_non_exhaustive()
    }
}

type Answer = dyn Fn(&Received, usize) -> Reply + Send + Sync;

#[derive(Clone)]
struct State {
    received: Arc<Mutex<Vec<Received>>>,
    answer: Arc<Answer>,
}

async fn receive(request: HttpRequest, body: Bytes, state: Data<State>) -> HttpResponse {
    let headers = request.headers().iter();
    let came = Received {
        at: Instant::now(),
        path: request.uri().to_string(),
        headers: headers.map(|(name, value)| (name.to_string(), value.to_str().expect("ASCII").to_owned())).collect(),
        body: String::from_utf8(body.to_vec()).expect("UTF-8"),
    };
    let before = {
        let mut all = state.received.lock().expect("no panic");
        all.push(came.clone());
        all.len() - 1
    };
    let reply = (state.answer)(&came, before);
    if !reply.after.is_zero() {
        // A timer has steps of a millisecond: to wait for nothing would take one.
        actix_web::rt::time::sleep(reply.after).await;
    }
    let mut response = HttpResponse::build(StatusCode::from_u16(reply.status).expect("a status"));
    for (name, value) in reply.headers {
        response.insert_header((name, value));
    }
    response.body(reply.body)
}

impl Sink {
    /// One that answers 200.
    #[must_use]
    pub fn start() -> Self {
        Self::answering(|_, _| Reply::status(200))
    }

    /// One that answers what `answer` makes of a request and the number of those before it.
    #[must_use]
    pub fn answering(answer: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let state = State { received: Arc::clone(&received), answer: Arc::new(answer) };
        let (tell, handle) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let big = PayloadConfig::new(16 << 20);
                    App::new().app_data(big).app_data(Data::new(state.clone())).default_service(web::to(receive))
                };
                let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).expect("it listens").run();
                let _ = tell.send(server.handle());
                let _ = server.await;
            });
        });
        let server = handle.recv().expect("it runs");
        Self { port, received, server }
    }

    /// An address of it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// All that came, in the order in which it came.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    /// The events that came, by type and id.
    #[must_use]
    pub fn types(&self) -> Vec<String> {
        self.received().iter().map(|r| r.json()["type"].as_str().expect("a type").to_owned()).collect()
    }

    /// Waits until so many came.
    #[track_caller]
    pub fn wait_for(&self, count: usize, seconds: u64) -> Vec<Received> {
        let start = Instant::now();
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(start.elapsed().as_secs() < seconds, "{} of {count} came within {seconds} s: {received:#?}", received.len());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // The order is given by the call; nobody has to wait for it.
        drop(self.server.stop(false));
    }
}
