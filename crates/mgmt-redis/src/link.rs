//! Connections: to one server, to the one that Sentinel names, or to a cluster.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, IntoConnectionInfo as _, Pipeline, RedisConnectionInfo, RedisFuture,
    RedisResult, TlsMode, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
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
        let place = |(host, port): &(String, u16)| place(host, *port, address.tls);
        let Login { user, password } = &address.login;
        match &address.kind {
            Kind::Single { db } => {
                let (host, port) = address.hosts.first().cloned().unwrap_or_default();
                let mut settings = RedisConnectionInfo::default().set_db(*db);
                if let Some(user) = user {
                    settings = settings.set_username(user);
                }
                if let Some(password) = password {
                    settings = settings.set_password(password);
                }
                let info = self::place(&host, port, address.tls).into_connection_info()?.set_redis_settings(settings);
                Ok(Self::Single(Box::new(Client::open(info)?)))
            }
            Kind::Sentinel { master, db, login } => {
                let places: Vec<_> = address.hosts.iter().map(place).collect();
                let mut builder = SentinelClientBuilder::new(places, master, SentinelServerType::Master)?;
                builder = builder.set_client_to_redis_db(*db);
                if address.tls {
                    builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
                }
                if let Some(user) = user {
                    builder = builder.set_client_to_redis_username(user);
                }
                if let Some(password) = password {
                    builder = builder.set_client_to_redis_password(password);
                }
                if let Some(user) = &login.user {
                    builder = builder.set_client_to_sentinel_username(user);
                }
                if let Some(password) = &login.password {
                    builder = builder.set_client_to_sentinel_password(password);
                }
                Ok(Self::Sentinel(Box::new(builder.build()?)))
            }
            Kind::Cluster => {
                let places: Vec<_> = address.hosts.iter().map(place).collect();
                let mut builder = ClusterClient::builder(places);
                builder = builder.connection_timeout(CONNECT_WITHIN).retries(2).max_retry_wait(50).min_retry_wait(5);
                if address.tls {
                    builder = builder.tls(TlsMode::Secure);
                }
                if let Some(user) = user {
                    builder = builder.username(user);
                }
                if let Some(password) = password {
                    builder = builder.password(password);
                }
                Ok(Self::Cluster(Box::new(builder.build()?)))
            }
        }
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
