//! Reading what clients send about organizations: parsed or refused with every fault at once.

use rand_core::CryptoRng;
use serde_json::{Map, Value};

use super::{Email, MAX_NAME, MAX_SLUG, Organization, OrganizationState, Plan, address::Address};
use crate::{
    error::{Code, Error, Faults, Result},
    key_draft::Change,
    quota::Quota,
    text::{label, merge_patch, metadata},
    time::Timestamp,
};

/// What the operator sends to make an organization, typed but not yet judged.
#[derive(Clone, Debug, Default)]
pub struct OrganizationDraft {
    /// A name for people.
    pub name: String,
    /// A name for addresses; made from the name when left out.
    pub slug: Option<String>,
    /// The name of a plan; `self_hosted` when left out.
    pub plan: Option<String>,
    /// The members of an address.
    pub address: Option<Map<String, Value>>,
    /// Free data.
    pub metadata: Option<Map<String, Value>>,
    /// Units and period.
    pub quota: Option<(u64, String)>,
    /// Who is invited to own it.
    pub owner_email: String,
}

impl OrganizationDraft {
    /// Judges the draft; the organization it describes, and its owner's address.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field.
    pub fn parse(self, now: Timestamp, rng: &mut impl CryptoRng) -> Result<(Organization, Email)> {
        let mut faults = Faults::default();
        let plan = faults.take(self.plan.as_deref().map_or(Ok(Plan::SelfHosted), Plan::parse)).unwrap_or(Plan::SelfHosted);
        let made = faults.take(Organization::new(&self.name, plan, false, now, rng));
        let slug = faults.take(self.slug.as_deref().map(slug).transpose()).flatten();
        let address = faults.take(self.address.as_ref().map(address).transpose()).flatten();
        let metadata = faults.take(metadata("metadata", self.metadata.unwrap_or_default())).unwrap_or_default();
        let quota = faults.take(self.quota.map(quota).transpose()).flatten();
        let owner = faults.take(Email::parse("owner_email", &self.owner_email));
        faults.finish()?;
        match (made, owner) {
            (Some(made), Some(owner)) => {
                let slug = slug.unwrap_or_else(|| made.slug.clone());
                Ok((Organization { slug, address, metadata, quota, ..made }, owner))
            }
            // Without a fault there are both.
            _ => Err(Error::new(Code::Internal, "an organization without faults could not be made")),
        }
    }
}

/// A merge patch of an organization, typed but not yet judged.
#[derive(Clone, Debug, Default)]
pub struct OrganizationPatch {
    /// A name for people; cannot be cleared.
    pub name: Change<String>,
    /// A name for addresses; cannot be cleared.
    pub slug: Change<String>,
    /// The members of an address, merged member by member.
    pub address: Change<Map<String, Value>>,
    /// Free data, merged member by member.
    pub metadata: Change<Map<String, Value>>,
    /// The name of a plan; cannot be cleared. The operator's to change.
    pub plan: Change<String>,
    /// Units and period. The operator's to change.
    pub quota: Change<(u64, String)>,
}

impl OrganizationPatch {
    /// Applies the patch. The version grows if that changes anything.
    ///
    /// # Errors
    /// `forbidden` when somebody else than the operator changes plan or quota; `invalid_request` with a detail for each wrong
    /// field; nothing is applied then.
    pub fn apply(self, current: &Organization, by_operator: bool, now: Timestamp) -> Result<Organization> {
        self.check_operator(by_operator)?;
        let mut faults = Faults::default();
        for (field, cleared) in
            [("name", self.name == Change::Clear), ("slug", self.slug == Change::Clear), ("plan", self.plan == Change::Clear)]
        {
            if cleared {
                faults.note(Error::invalid(field, "must not be null"));
            }
        }
        let name = faults.take(self.name.try_map(|n| label("name", &n, MAX_NAME)));
        let slug = faults.take(self.slug.try_map(|s| slug(&s)));
        let plan = faults.take(self.plan.try_map(|p| Plan::parse(&p)));
        let quota = faults.take(self.quota.try_map(quota));
        let address = faults.take(self.address.try_map(|a| address(&merged(current.address.as_ref(), a))));
        let data = faults.take(self.metadata.try_map(|m| metadata("metadata", merged(Some(&current.metadata), m))));
        faults.finish()?;
        let mut next = current.clone();
        next.name = name.and_then(|c| c.or_keep(None)).unwrap_or(next.name);
        next.slug = slug.and_then(|c| c.or_keep(None)).unwrap_or(next.slug);
        next.plan = plan.and_then(|c| c.or_keep(None)).unwrap_or(next.plan);
        next.quota = quota.and_then(|c| c.or_keep(next.quota));
        next.address = address.and_then(|c| c.or_keep(next.address));
        next.metadata = data.and_then(|c| c.or_keep(Some(next.metadata))).unwrap_or_default();
        Ok(next.counted(current, now))
    }

    fn check_operator(&self, by_operator: bool) -> Result<()> {
        let fields = [("plan", self.plan != Change::Keep), ("quota", self.quota != Change::Keep)];
        let touched = || fields.into_iter().filter(|(_, touched)| *touched);
        if by_operator || touched().next().is_none() {
            return Ok(());
        }
        let error = Error::new(Code::Forbidden, "only the operator may change plan and quota");
        Err(touched().fold(error, |error, (field, _)| error.with_detail(field, "only the operator may change it")))
    }
}

impl Organization {
    /// Stops every credential of the organization. Nothing changes when it is suspended already.
    ///
    /// # Errors
    /// `invalid_state` for the operator's own: nobody could resume it.
    pub fn suspend(&self, now: Timestamp) -> Result<Self> {
        if self.is_operator {
            return Err(Error::new(Code::InvalidState, "the operator's own organization cannot be suspended"));
        }
        Ok(Self { state: OrganizationState::Suspended, ..self.clone() }.counted(self, now))
    }

    /// Lets its credentials work again. Nothing changes when it is active already.
    ///
    /// # Errors
    /// None; it has the form of [`suspend`](Self::suspend).
    pub fn resume(&self, now: Timestamp) -> Result<Self> {
        Ok(Self { state: OrganizationState::Active, ..self.clone() }.counted(self, now))
    }

    /// The same with the next version, if it differs from `before`.
    fn counted(self, before: &Self, now: Timestamp) -> Self {
        if self == *before { self } else { Self { version: before.version + 1, updated_at: now, ..self } }
    }
}

fn merged(current: Option<&Map<String, Value>>, patch: Map<String, Value>) -> Map<String, Value> {
    let mut next = current.cloned().unwrap_or_default();
    merge_patch(&mut next, patch);
    next
}

fn address(members: &Map<String, Value>) -> Result<Map<String, Value>> {
    Address::parse(members).map(Address::into_object).map_err(|e| e.below("address"))
}

fn quota((limit, period): (u64, String)) -> Result<Quota> {
    Quota::new(limit, &period).map_err(|e| e.below("quota"))
}

fn slug(text: &str) -> Result<String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let well_formed = (1..=MAX_SLUG).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--");
    if well_formed {
        return Ok(text.to_owned());
    }
    let reason = format!("must be 1 to {MAX_SLUG} lower-case letters, digits and single hyphens between them");
    Err(Error::invalid("slug", reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn draft() -> OrganizationDraft {
        OrganizationDraft { name: "Acme".to_owned(), owner_email: "ana@example.com".to_owned(), ..OrganizationDraft::default() }
    }

    fn made(draft: OrganizationDraft) -> Result<(Organization, Email)> {
        draft.parse(NOW, &mut ChaCha20Rng::seed_from_u64(1))
    }

    #[test]
    fn drafts_tell_every_fault() {
        let wrong = OrganizationDraft {
            name: String::new(),
            slug: Some("No Slug".to_owned()),
            plan: Some("free".to_owned()),
            address: Some(object(json!({"country_code": "XX"}))),
            metadata: Some(object(json!({"a": "x".repeat(9000)}))),
            quota: Some((0, "day".to_owned())),
            owner_email: "ana".to_owned(),
        };
        let error = made(wrong).unwrap_err();
        let fields: Vec<_> = error.details().keys().map(String::as_str).collect();
        assert_eq!(fields, ["address.country_code", "metadata", "name", "owner_email", "plan", "quota.limit", "slug"]);
        let (organization, owner) = made(OrganizationDraft { slug: Some("acme-1".to_owned()), ..draft() }).unwrap();
        assert_eq!((organization.slug.as_str(), owner.as_str()), ("acme-1", "ana@example.com"));
    }

    #[test]
    fn plan_and_quota_are_the_operators() {
        let (current, _) = made(draft()).unwrap();
        let patch =
            OrganizationPatch { plan: Change::Set("scale".to_owned()), quota: Change::Clear, ..OrganizationPatch::default() };
        let error = patch.clone().apply(&current, false, NOW).unwrap_err();
        assert_eq!((error.code(), error.details().len()), (Code::Forbidden, 2));
        assert_eq!(patch.apply(&current, true, NOW).unwrap().plan, Plan::Scale);
    }

    #[test]
    fn patches_merge_and_count_changes() {
        let (mut current, _) = made(draft()).unwrap();
        current.metadata = object(json!({"a": 1, "b": 2}));
        assert_eq!(OrganizationPatch::default().apply(&current, false, NOW).unwrap(), current);
        let patch = OrganizationPatch {
            address: Change::Set(object(json!({"country_code": "us", "state_code": "CA"}))),
            metadata: Change::Set(object(json!({"a": null}))),
            ..OrganizationPatch::default()
        };
        let next = patch.apply(&current, false, NOW).unwrap();
        assert_eq!((next.version, &next.metadata), (2, &object(json!({"b": 2}))));
        // What was right for one country is judged anew for another.
        let moved =
            OrganizationPatch { address: Change::Set(object(json!({"country_code": "CA"}))), ..OrganizationPatch::default() };
        assert!(moved.apply(&next, false, NOW).unwrap_err().details().contains_key("address.state_code"));
        let cleared = OrganizationPatch { address: Change::Clear, name: Change::Clear, ..OrganizationPatch::default() };
        assert!(cleared.apply(&next, false, NOW).is_err());
    }

    #[test]
    fn states_change_once() {
        let (current, _) = made(draft()).unwrap();
        let suspended = current.suspend(NOW).unwrap();
        assert_eq!((suspended.state, suspended.version), (OrganizationState::Suspended, 2));
        assert_eq!(suspended.suspend(NOW).unwrap(), suspended);
        assert_eq!(suspended.resume(NOW).unwrap().state, OrganizationState::Active);
        assert_eq!(current.resume(NOW).unwrap(), current);
        let operator = Organization { is_operator: true, ..current };
        assert_eq!(operator.suspend(NOW).unwrap_err().code(), Code::InvalidState);
    }

    proptest! {
        #[test]
        fn only_the_operator_moves_plan_and_quota(name in ".{0,130}", slug in "[a-zA-Z-]{0,10}", set_name: bool, set_slug: bool) {
            let (current, _) = made(draft()).unwrap();
            let change = |set, text: &str| if set { Change::Set(text.to_owned()) } else { Change::Keep };
            let patch = OrganizationPatch { name: change(set_name, &name), slug: change(set_slug, &slug), ..OrganizationPatch::default() };
            if let Ok(next) = patch.apply(&current, false, NOW) {
                prop_assert_eq!((next.plan, next.quota, next.state, next.id), (current.plan, current.quota, current.state, current.id));
                prop_assert!(next.version - current.version <= 1);
            }
        }
    }
}
