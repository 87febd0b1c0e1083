//! How a gate is set up, and what it is asked.

use mgmt_core::{
    access::Question,
    account::Plan,
    id::OrganizationId,
    key_text::{KeyFormat, KeyKind},
    limit::RateLimit,
    scope::Catalogues,
    secret::Pepper,
    usage::Surface,
};

/// How many keys the cache holds unless told otherwise.
pub const DEFAULT_CAPACITY: usize = 1_000_000;

/// The limits of the plans; `None` is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanLimits {
    /// For `self_hosted`.
    pub self_hosted: Option<RateLimit>,
    /// For `scale`.
    pub scale: Option<RateLimit>,
    /// For `enterprise`.
    pub enterprise: Option<RateLimit>,
}

impl PlanLimits {
    /// The limit of a plan.
    #[must_use]
    pub const fn of(&self, plan: Plan) -> Option<RateLimit> {
        match plan {
            Plan::SelfHosted => self.self_hosted,
            Plan::Scale => self.scale,
            Plan::Enterprise => self.enterprise,
        }
    }
}

impl Default for PlanLimits {
    /// 100, 1,000 and 5,000 a minute.
    fn default() -> Self {
        Self {
            self_hosted: RateLimit::per_minute(100),
            scale: RateLimit::per_minute(1_000),
            enterprise: RateLimit::per_minute(5_000),
        }
    }
}

/// How a gate is set up.
#[derive(Clone, Debug)]
pub struct GateOptions {
    /// How keys are written.
    pub format: KeyFormat,
    /// How they are hashed.
    pub pepper: Pepper,
    /// Which scopes there are.
    pub catalogues: Catalogues,
    /// What the plans allow.
    pub limits: PlanLimits,
    /// How many keys the cache holds.
    pub capacity: usize,
    /// A text that no other process and no earlier run uses: names the batches of counts.
    pub run: String,
}

/// Which of the organization's limits a request counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// The management API.
    Management,
    /// The product's API, also by verification.
    Resource,
    /// None: only the key's own limit and quota.
    Exempt,
}

/// What a request asks of the gate.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Which kind of key opens this door; another kind is as good as none.
    pub kind: KeyKind,
    /// Scopes, address and warehouse.
    pub question: Question<'a>,
    /// What it counts against.
    pub traffic: Traffic,
    /// Where it is counted.
    pub surface: Surface,
    /// Units of quota it uses.
    pub cost: u64,
    /// Keys of any other organization are as good as none.
    pub within: Option<OrganizationId>,
}

impl Request<'_> {
    /// A request to the product's API that asks for nothing but a working API key.
    #[must_use]
    pub fn resource() -> Self {
        Self {
            kind: KeyKind::Secret,
            question: Question::default(),
            traffic: Traffic::Resource,
            surface: Surface::Resource,
            cost: 1,
            within: None,
        }
    }
}
