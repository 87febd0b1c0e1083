//! Connections: to one server, to the one that Sentinel names, or to a cluster.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, IntoConnectionInfo as _, Pipeline, RedisConnectionInfo,
    RedisError, RedisFuture, RedisResult, TlsCertificates, TlsMode, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo},
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};

use crate::address::{Address, Kind, Login};

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// What connects.
pub(crate) enum Connector {
    Single(Box<Client>),
    Sentinel(Box<SentinelClient>),
    Cluster(Box<ClusterClient>),
}

/// A connection that all threads share; cheap to clone.
#[derive(Clone)]
pub(crate) enum Link {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connector {
    /// # Errors
    /// When the address cannot be used.
    pub(crate) fn new(address: &Address) -> RedisResult<Self> {
        if address.tls {
            // Somebody else may have chosen one already.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        Ok(match &address.kind {
            Kind::Single { db } => Self::Single(Box::new(single(address, *db)?)),
            Kind::Sentinel { master, db, login } => Self::Sentinel(Box::new(sentinel(address, master, *db, login)?)),
            Kind::Cluster => Self::Cluster(Box::new(cluster(address)?)),
        })
    }

    /// A new connection.
    ///
    /// # Errors
    /// When there is none to be had.
    pub(crate) async fn connect(&mut self) -> RedisResult<Link> {
        // Whoever asks has a patience of their own.
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_WITHIN)).set_response_timeout(None);
        match self {
            Self::Single(client) => Ok(Link::Single(client.get_multiplexed_async_connection_with_config(&config).await?)),
            Self::Sentinel(client) => Ok(Link::Single(client.get_async_connection_with_config(&config).await?)),
            Self::Cluster(client) => Ok(Link::Cluster(client.get_async_connection().await?)),
        }
    }
}

impl Link {
    /// Asks each server that holds windows for a sign of life.
    ///
    /// # Errors
    /// When one of them gives none.
    pub(crate) async fn ping(&mut self) -> RedisResult<()> {
        let link = match self {
            Self::Single(link) => return redis::cmd("PING").exec_async(link).await,
            Self::Cluster(link) => link,
        };
        let slots: Value = redis::cmd("CLUSTER").arg("SLOTS").query_async(link).await?;
        let masters = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let Value::Map(answers) = link.route_command(redis::cmd("PING"), masters).await? else { return Err(incomplete()) };
        let mut answered = 0;
        for (_, answer) in answers {
            answer.extract_error()?;
            answered += 1;
        }
        // The client asks nobody whom it could not connect to, and says nothing of it.
        if answered == 0 || answered < count_masters(&slots) { Err(incomplete()) } else { Ok(()) }
    }
}

fn incomplete() -> RedisError {
    (ErrorKind::ClusterConnectionNotFound, "a master of the cluster does not answer").into()
}

/// How many masters there are by what `CLUSTER SLOTS` answered: `[FIRST, LAST, MASTER, REPLICA…]` for each range of slots.
fn count_masters(slots: &Value) -> usize {
    let mut masters: Vec<&Value> = Vec::new();
    for range in slots.as_sequence().unwrap_or_default() {
        let master = range.as_sequence().and_then(|range| range.get(2));
        masters.extend(master.filter(|master| !masters.contains(master)));
    }
    masters.len()
}

fn single(address: &Address, db: i64) -> RedisResult<Client> {
    let mut settings = RedisConnectionInfo::default().set_db(db);
    if let Some(user) = &address.login.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &address.login.password {
        settings = settings.set_password(password);
    }
    let (host, port) = address.hosts.first().cloned().unwrap_or_default();
    let info = place(&host, port, address.tls).into_connection_info()?.set_redis_settings(settings);
    match certificates(address) {
        Some(certificates) => Client::build_with_tls(info, certificates),
        None => Client::open(info),
    }
}

fn sentinel(address: &Address, master: &str, db: i64, login: &Login) -> RedisResult<SentinelClient> {
    let mut builder = SentinelClientBuilder::new(places(address), master, SentinelServerType::Master)?;
    builder = builder.set_client_to_redis_db(db);
    if address.tls {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
    }
    if let Some(certificates) = certificates(address) {
        builder = builder.set_client_to_redis_certificates(certificates.clone());
        builder = builder.set_client_to_sentinel_certificates(certificates);
    }
    if let Some(user) = &address.login.user {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = &address.login.password {
        builder = builder.set_client_to_redis_password(password);
    }
    if let Some(user) = &login.user {
        builder = builder.set_client_to_sentinel_username(user);
    }
    if let Some(password) = &login.password {
        builder = builder.set_client_to_sentinel_password(password);
    }
    builder.build()
}

fn cluster(address: &Address) -> RedisResult<ClusterClient> {
    let mut builder = ClusterClient::builder(places(address));
    builder = builder.connection_timeout(CONNECT_WITHIN).retries(2).max_retry_wait(50).min_retry_wait(5);
    if address.tls {
        builder = builder.tls(TlsMode::Secure);
    }
    if let Some(certificates) = certificates(address) {
        builder = builder.certs(certificates);
    }
    if let Some(user) = &address.login.user {
        builder = builder.username(user);
    }
    if let Some(password) = &address.login.password {
        builder = builder.password(password);
    }
    builder.build()
}

fn places(address: &Address) -> Vec<ConnectionAddr> {
    address.hosts.iter().map(|(host, port)| place(host, *port, address.tls)).collect()
}

fn certificates(address: &Address) -> Option<TlsCertificates> {
    let pem = address.authorities.clone()?;
    Some(TlsCertificates { client_tls: None, root_cert: Some(pem) })
}

fn place(host: &str, port: u16, tls: bool) -> ConnectionAddr {
    if tls {
        ConnectionAddr::TcpTls { host: host.to_owned(), port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host.to_owned(), port)
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(link) => link.req_packed_command(cmd),
            Self::Cluster(link) => link.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(&'a mut self, cmd: &'a Pipeline, offset: usize, count: usize) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(link) => link.req_packed_commands(cmd, offset, count),
            Self::Cluster(link) => link.req_packed_commands(cmd, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(link) => link.get_db(),
            Self::Cluster(link) => link.get_db(),
        }
    }
}
