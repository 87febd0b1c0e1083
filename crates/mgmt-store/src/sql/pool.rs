//! Pools of connections, and the queue of writers.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use diesel::r2d2::R2D2Connection;
use r2d2::{HandleError, ManageConnection, Pool, PooledConnection};

use super::{
    Options,
    address::Address,
    conn::{AnyConnection, Sharing},
    disk::Disk,
    fault::Fault,
    group::{Group, Member, Open, Place, Queue, uncertain},
    timeline::Timeline,
};
use crate::{
    error::{Result, StoreError},
    store::Mode,
};

/// A transaction that takes longer than this may have stood still, and PostgreSQL may have undone it meanwhile. That is asked before the
/// commit: from a commit without an answer nobody could tell, and it could not be run again.
const STILL: Duration = Duration::from_secs(1);

/// A pooled connection.
pub(crate) struct Link {
    pub(crate) connection: AnyConnection,
    /// Which primary it leads to.
    timeline: Option<Timeline>,
    /// Set when it must not be used again.
    pub(crate) is_broken: bool,
}

/// Opens connections for a pool.
#[derive(Debug)]
pub(crate) struct Manager {
    address: Address,
    /// What the connections are for, if not for both.
    only: Option<Mode>,
    /// Whether commits are brought to the disk together, by [`Disk`], and not each by itself.
    shares_disk: bool,
}

impl Link {
    /// Undoes the transaction. A connection that cannot even do that is not used again.
    pub(super) fn undo(&mut self) {
        // A failed statement or commit may have ended the transaction already: what counts is the state after.
        let _ = self.connection.rollback();
        self.is_broken |= self.connection.is_broken();
    }
}

impl ManageConnection for Manager {
    type Connection = Link;
    type Error = StoreError;

    fn connect(&self) -> Result<Link> {
        let mut connection = self.address.connect()?;
        let timeline = self.address.timeline(&mut connection);
        let told = self.only.map_or(Ok(()), |mode| connection.allow(mode));
        let told = told.and_then(|()| if self.shares_disk { connection.leave_commits_to_others() } else { Ok(()) });
        told.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Link { connection, timeline, is_broken: false })
    }

    /// Never asked: a stale connection is noticed at `BEGIN`, where trying the next one is safe.
    fn is_valid(&self, _: &mut Link) -> Result<()> {
        Ok(())
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        link.is_broken && self.address.sharing() != Sharing::OneConnection
    }
}

/// Tells the log why a connection cannot be opened, and only the log: the pool goes on trying.
#[derive(Debug)]
struct Report;

impl HandleError<StoreError> for Report {
    fn handle_error(&self, error: StoreError) {
        tracing::warn!(%error, "cannot connect to the database");
    }
}

/// A pool, and whether its users queue one by one.
#[derive(Clone)]
pub(crate) struct Lane {
    pool: Pool<Manager>,
    pub(super) queue: Option<Arc<Queue>>,
    /// Whether its connection is for reading and for writing by turns, and has to be told for what.
    switches: bool,
    disk: Option<Arc<Disk>>,
    wait: Duration,
}

/// A connection that is checked out, with the place in the queue that goes with it.
pub(crate) struct Turn<'a> {
    // Dropped in this order: the connection must be back before the next one's turn.
    pub(crate) link: PooledConnection<Manager>,
    place: Option<(Place<'a>, &'a Queue)>,
    /// Those whose transaction this one goes on in.
    group: Option<Group>,
    disk: Option<&'a Disk>,
    began: Instant,
}

/// The lanes of a database: for reading and for writing.
#[derive(Debug)]
pub(crate) struct Lanes {
    read: Lane,
    write: Lane,
}

impl Lanes {
    /// Where there is one writer, its users queue.
    pub(crate) fn new(address: &Address, options: &Options) -> Self {
        let lane = |size, only, disk| Lane::new(address.clone(), size, (only, disk), options.wait);
        match address.sharing() {
            Sharing::OneConnection => {
                let only = lane(1, None, None);
                Self { read: only.clone(), write: only }
            }
            Sharing::OneWriter => {
                let disk = address.journal().map(Disk::new).map(Arc::new);
                Self { read: lane(options.pool_size, Some(Mode::Read), None), write: lane(1, Some(Mode::Write), disk) }
            }
            Sharing::Nodes => {
                let all = lane(options.pool_size, None, None);
                Self { read: all.clone(), write: all }
            }
        }
    }

    pub(crate) fn of(&self, mode: Mode) -> &Lane {
        match mode {
            Mode::Read => &self.read,
            Mode::Write => &self.write,
        }
    }
}

impl Lane {
    fn new(address: Address, size: u32, (only, disk): (Option<Mode>, Option<Arc<Disk>>), wait: Duration) -> Self {
        // Connections to a server are renewed now and then, so that a moved or rebalanced server is followed.
        let is_server = address.sharing() == Sharing::Nodes;
        let (queued, switches) = match address.sharing() {
            Sharing::OneConnection => (true, true),
            Sharing::OneWriter => (only == Some(Mode::Write), false),
            Sharing::Nodes => (false, false),
        };
        let (idle, life) = if is_server { (Some(600), Some(1800)) } else { (None, None) };
        let pool = Pool::builder()
            .max_size(size.max(1))
            .min_idle(Some(1))
            .test_on_check_out(false)
            .idle_timeout(idle.map(Duration::from_secs))
            .max_lifetime(life.map(Duration::from_secs))
            .connection_timeout(wait)
            .error_handler(Box::new(Report))
            .build_unchecked(Manager { address, only, shares_disk: disk.is_some() });
        Self { pool, queue: queued.then(Arc::default), switches, disk, wait }
    }

    /// Waits for a connection on which a transaction of `mode` has begun, or one that others have left open.
    pub(crate) fn begin(&self, mode: Mode) -> Result<Turn<'_>, Fault> {
        let mut place = self.place()?;
        if let Some((open, _)) = &mut place
            && let Some((link, group)) = open.take().and_then(Open::go_on)
        {
            let place = place.take();
            return Ok(Turn { link, place, group: Some(group), disk: self.disk.as_deref(), began: now() });
        }
        self.begin_at(place, |connection| {
            if self.switches {
                connection.allow(mode)?;
            }
            connection.begin(mode)
        })
    }

    /// Waits for a connection on which `begin` has succeeded, in a transaction of its own.
    pub(crate) fn begin_with(&self, begin: impl Fn(&mut AnyConnection) -> diesel::QueryResult<()>) -> Result<Turn<'_>, Fault> {
        loop {
            let mut place = self.place()?;
            let open = place.as_mut().and_then(|(open, _)| open.take());
            match (open, place, &self.disk) {
                // Those before are done first.
                (Some(open), Some((place, _)), Some(disk)) => drop(open.commit(place, disk)),
                (_, place, _) => return self.begin_at(place, begin),
            }
        }
    }

    fn place(&self) -> Result<Option<(Place<'_>, &Queue)>, Fault> {
        self.queue.as_deref().map(|queue| Ok((queue.wait_for_place(self.wait)?, queue))).transpose()
    }

    /// Connections that died meanwhile are passed over.
    fn begin_at<'a>(
        &'a self,
        place: Option<(Place<'a>, &'a Queue)>,
        begin: impl Fn(&mut AnyConnection) -> diesel::QueryResult<()>,
    ) -> Result<Turn<'a>, Fault> {
        let mut last = Fault::Unavailable("no connection".to_owned());
        for _ in 0..=self.pool.max_size() {
            let mut link = self.pool.get_timeout(self.wait).map_err(|e| Fault::Unavailable(e.to_string()))?;
            if link.timeline.as_ref().is_some_and(Timeline::is_past) {
                link.is_broken = true;
                last = Fault::Lost("the server is a former primary".to_owned());
                continue;
            }
            match begin(&mut link.connection) {
                Ok(()) => return Ok(Turn { link, place, group: None, disk: self.disk.as_deref(), began: now() }),
                Err(error) => {
                    last = Fault::of(&error, Mode::Write);
                    link.is_broken = !matches!(last, Fault::Busy(_) | Fault::Collision);
                    if !matches!(last, Fault::Lost(_)) {
                        break;
                    }
                }
            }
        }
        Err(last)
    }
}

impl<'a> Turn<'a> {
    /// Keeps the changes. When it returns, they are on the disk.
    pub(crate) fn commit(self, mode: Mode) -> Result<(), Fault> {
        let mut alone = match self.into_member() {
            Ok(member) => return member.commit(),
            Err(alone) => alone,
        };
        if alone.began.elapsed() > STILL
            && let Err(error) = alone.link.connection.ping()
        {
            alone.link.undo();
            return Err(Fault::of(&error, mode));
        }
        alone.link.connection.commit().map_err(|error| {
            alone.link.undo();
            uncertain(Fault::of(&error, mode))
        })
    }

    /// Undoes the changes. When it returns, all that they were judged by is on the disk.
    ///
    /// # Errors
    /// When what they were judged by could not be kept.
    pub(crate) fn roll_back(self) -> Result<(), Fault> {
        match self.into_member() {
            Ok(member) => member.roll_back(),
            Err(mut alone) => {
                alone.link.undo();
                Ok(())
            }
        }
    }

    /// As one who may share a transaction with others; as it is, where nobody does.
    #[expect(clippy::result_large_err, reason = "it is no error, and moved once")]
    fn into_member(self) -> Result<Member<'a>, Self> {
        match self {
            Self { link, place: Some((place, queue)), group, disk: Some(disk), .. } => {
                Ok(Member { link, place, queue, group, disk })
            }
            alone => Err(alone),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a transaction takes is measured, not decided upon by a rule")]
fn now() -> Instant {
    Instant::now()
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lane({:?})", self.pool.state())
    }
}
