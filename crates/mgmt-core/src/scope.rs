//! Scopes and permissions: `resource:action`, the wildcards `resource:*` and `*`, and the catalogue that says which exist.
//!
//! A scope is written `shipments:read`; `read:shipments` is understood too and means the same. Which resources and actions
//! exist is data: a [`Catalogue`]. There are two: the product's own scopes (configurable) for API keys, and the fixed
//! [management permissions](Catalogue::permissions) for management keys and roles.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    error::{Error, Result},
    key_text::KeyKind,
};

/// How many bits a [`ScopeMask`] has, so how many scopes and wildcards together one catalogue may hold.
pub const MAX_CATALOGUE: usize = 128;

/// The largest number of scopes in one request.
const MAX_LISTED: usize = 100;

/// One resource of a catalogue with its actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// The resource, such as `shipments`: lower-case letters, digits and hyphens.
    pub resource: String,
    /// What can be done with it, such as `read`.
    pub actions: Vec<String>,
    /// One sentence for people.
    #[serde(default)]
    pub description: String,
}

impl CatalogueEntry {
    fn new(resource: &str, actions: &[&str], description: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            actions: actions.iter().map(|&a| a.to_owned()).collect(),
            description: description.to_owned(),
        }
    }
}

/// The scopes that exist, each with a bit of its own in a [`ScopeMask`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    entries: Vec<CatalogueEntry>,
    /// All scopes in the order of their bits: `*` first, then each resource's wildcard and actions.
    scopes: Vec<Scope>,
}

impl Catalogue {
    /// Builds a catalogue from data.
    ///
    /// # Errors
    /// `invalid_request` naming the entry when a name is malformed or repeated, when `resource:action` could be read in both
    /// directions, or when there are more than [`MAX_CATALOGUE`] scopes and wildcards.
    pub fn new(entries: Vec<CatalogueEntry>) -> Result<Self> {
        let mut scopes = vec![Scope("*".to_owned())];
        let mut seen = BTreeSet::new();
        for (index, entry) in entries.iter().enumerate() {
            let fault = |reason: String| Error::invalid(format!("catalogue.scope[{index}]"), reason);
            if !is_name(&entry.resource) || entry.actions.is_empty() || !entry.actions.iter().all(|a| is_name(a)) {
                return Err(fault("needs a `resource` and `actions` of lower-case letters, digits and hyphens".to_owned()));
            }
            scopes.push(Scope(format!("{}:*", entry.resource)));
            for action in &entry.actions {
                if !seen.insert((entry.resource.clone(), action.clone()))
                    || seen.contains(&(action.clone(), entry.resource.clone()))
                {
                    return Err(fault(format!("`{}:{action}` is there twice", entry.resource)));
                }
                scopes.push(Scope(format!("{}:{action}", entry.resource)));
            }
        }
        if scopes.len() > MAX_CATALOGUE {
            return Err(Error::invalid(
                "catalogue.scope",
                format!("has {} scopes and wildcards, at most {MAX_CATALOGUE} are possible", scopes.len()),
            ));
        }
        if scopes.iter().collect::<BTreeSet<_>>().len() != scopes.len() {
            return Err(Error::invalid("catalogue.scope", "names a resource twice: list its actions in one entry"));
        }
        Ok(Self { entries, scopes })
    }

    /// The product scopes that a new installation starts with.
    #[must_use]
    pub fn default_scopes() -> Self {
        let rw: &[&str] = &["read", "write"];
        Self::fixed(vec![
            CatalogueEntry::new("orders", rw, "Orders"),
            CatalogueEntry::new("shipments", rw, "Shipments and their documents"),
            CatalogueEntry::new("bridges", rw, "Bridges to other systems"),
            CatalogueEntry::new("operations", &["read", "write", "execute"], "Operations, and running them"),
            CatalogueEntry::new("dispatchers", rw, "Dispatchers"),
            CatalogueEntry::new("transformations", rw, "Data transformations"),
            CatalogueEntry::new("carrier-accounts", rw, "Carrier accounts"),
            CatalogueEntry::new("pickups", rw, "Pickups"),
            CatalogueEntry::new("rates", &["read"], "Rates"),
            CatalogueEntry::new("insights", &["read"], "Insights"),
            CatalogueEntry::new("webhooks", &["manage"], "Webhooks of the product"),
            CatalogueEntry::new("embed", &["manage"], "Embedded components"),
            CatalogueEntry::new("agent", rw, "Agents"),
            CatalogueEntry::new("trackers", rw, "Trackers"),
        ])
    }

    /// The management permissions. They are fixed, because endpoints of the server are bound to them.
    #[must_use]
    pub fn permissions() -> Self {
        let rw: &[&str] = &["read", "write"];
        Self::fixed(vec![
            CatalogueEntry::new(
                "organizations",
                &["read", "write", "create"],
                "The organization; creating others is for the operator",
            ),
            CatalogueEntry::new("users", rw, "Members, roles and invitations"),
            CatalogueEntry::new("api-keys", rw, "API keys and management keys"),
            CatalogueEntry::new("webhooks", rw, "Webhooks and events"),
            CatalogueEntry::new("projects", rw, "Projects"),
            CatalogueEntry::new("rate-sheets", rw, "Rate sheets"),
            CatalogueEntry::new("usage", &["read"], "Usage figures"),
            CatalogueEntry::new("audit", &["read"], "The audit log"),
            CatalogueEntry::new("keys", &["verify"], "Verification of keys"),
        ])
    }

    fn fixed(entries: Vec<CatalogueEntry>) -> Self {
        Self::new(entries).unwrap_or(Self { entries: Vec::new(), scopes: Vec::new() })
    }

    /// All scopes that read.
    #[must_use]
    pub fn reads(&self) -> ScopeSet {
        self.scopes.iter().filter(|s| s.0.ends_with(":read")).cloned().collect()
    }

    /// The entries, as configured.
    #[must_use]
    pub fn entries(&self) -> &[CatalogueEntry] {
        &self.entries
    }

    /// Reads one scope in either spelling.
    ///
    /// # Errors
    /// `invalid_request` naming the scope when the catalogue does not hold it.
    pub fn parse(&self, text: &str) -> Result<Scope> {
        let turned = || text.split_once(':').map(|(action, resource)| format!("{resource}:{action}"));
        self.find(text).or_else(|| turned().and_then(|t| self.find(&t))).cloned().ok_or_else(|| {
            Error::invalid("scope", format!("`{}` is not a known scope: see `GET /v1/management/scopes`", excerpt(text)))
        })
    }

    fn find(&self, text: &str) -> Option<&Scope> {
        self.scopes.iter().find(|s| s.0 == text)
    }

    /// Reads a list of scopes. `field` is the name that faults are reported under.
    ///
    /// # Errors
    /// `invalid_request` with one detail for each unknown scope.
    pub fn parse_set<S: AsRef<str>>(&self, field: &str, texts: &[S]) -> Result<ScopeSet> {
        if texts.len() > MAX_LISTED {
            return Err(Error::invalid(field, format!("must have at most {MAX_LISTED} entries")));
        }
        let mut faults = crate::error::Faults::default();
        let mut set = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            match self.parse(text.as_ref()) {
                Ok(scope) => set.push(scope),
                Err(error) => {
                    let reason = error.details().values().next().cloned().unwrap_or_default();
                    faults.note(Error::invalid(format!("{field}[{index}]"), reason));
                }
            }
        }
        faults.finish()?;
        Ok(set.into_iter().collect())
    }

    /// The bits that a set grants: a wildcard grants its own bit and all that it covers.
    #[must_use]
    pub fn granted(&self, set: &ScopeSet) -> ScopeMask {
        self.mask(|scope| set.allows(scope))
    }

    /// The bits that a question demands: each scope's own bit, nothing expanded.
    #[must_use]
    pub fn demanded(&self, set: &ScopeSet) -> ScopeMask {
        self.mask(|scope| set.0.contains(scope))
    }

    fn mask(&self, wanted: impl Fn(&Scope) -> bool) -> ScopeMask {
        let bits = self.scopes.iter().enumerate().filter(|(_, s)| wanted(s)).fold(0_u128, |bits, (i, _)| bits | 1 << i);
        ScopeMask(bits)
    }
}

/// Both catalogues: which one applies is a matter of the key's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogues {
    /// The product's scopes.
    pub scopes: Catalogue,
    /// The management permissions.
    pub permissions: Catalogue,
}

impl Catalogues {
    /// The product's scopes as given, and the fixed permissions.
    #[must_use]
    pub fn new(scopes: Catalogue) -> Self {
        Self { scopes, permissions: Catalogue::permissions() }
    }

    /// The catalogue that the scopes of such a key come from.
    #[must_use]
    pub fn of(&self, kind: KeyKind) -> &Catalogue {
        match kind {
            KeyKind::Secret => &self.scopes,
            KeyKind::Management => &self.permissions,
        }
    }
}

impl Default for Catalogues {
    fn default() -> Self {
        Self::new(Catalogue::default_scopes())
    }
}

fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// User input in a message, cut to a length that cannot flood it.
pub(crate) fn excerpt(text: &str) -> String {
    let cut: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

/// One scope in its canonical spelling, `resource:action`. Made by [`Catalogue::parse`] only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Scope(String);

impl Scope {
    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a holder of `self` may do what `other` names.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self == other
            || self.0 == "*"
            || self.0.strip_suffix('*').is_some_and(|resource| !resource.is_empty() && other.0.starts_with(resource))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of scopes in the order in which they were given, without repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(Vec<Scope>);

impl ScopeSet {
    /// The set that holds `*`.
    #[must_use]
    pub fn all() -> Self {
        Self(vec![Scope("*".to_owned())])
    }

    /// The text that a store keeps: canonical scopes with a space between.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ")
    }

    /// From the text that [`to_text`](Self::to_text) made. Scopes that left the catalogue since are kept: they grant nothing.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.split_ascii_whitespace().map(|s| Scope(s.to_owned())).collect())
    }

    /// Whether any scope of the set covers `scope`.
    #[must_use]
    pub fn allows(&self, scope: &Scope) -> bool {
        self.0.iter().any(|held| held.covers(scope))
    }

    /// The scopes of `other` that this set does not cover.
    pub fn missing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Scope> {
        other.0.iter().filter(|s| !self.allows(s))
    }

    /// Whether this set covers all of `other`.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.missing(other).next().is_none()
    }

    /// The scopes in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut set = Vec::new();
        for scope in scopes {
            if !set.contains(&scope) {
                set.push(scope);
            }
        }
        Self(set)
    }
}

/// A set of scopes of one catalogue as bits, for decisions without allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScopeMask(u128);

impl ScopeMask {
    /// The empty mask: nothing demanded.
    pub const NONE: Self = Self(0);

    /// The bits of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every demanded bit is granted.
    #[must_use]
    pub const fn covers(self, demanded: Self) -> bool {
        demanded.0 & !self.0 == 0
    }

    /// Whether at least one demanded bit is granted.
    #[must_use]
    pub const fn meets(self, demanded: Self) -> bool {
        demanded.0 & self.0 != 0
    }

    /// Whether nothing is demanded.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::select};

    fn catalogue() -> Catalogue {
        Catalogue::default_scopes()
    }

    #[test]
    fn both_spellings_mean_the_same() {
        for (sent, meant) in [
            ("shipments:read", "shipments:read"),
            ("read:shipments", "shipments:read"),
            ("shipments:*", "shipments:*"),
            ("*:shipments", "shipments:*"),
            ("*", "*"),
            ("carrier-accounts:write", "carrier-accounts:write"),
            ("execute:operations", "operations:execute"),
        ] {
            assert_eq!(catalogue().parse(sent).unwrap().as_str(), meant);
        }
    }

    #[test]
    fn what_the_catalogue_does_not_hold_is_refused_by_name() {
        for text in [
            "",
            "shipments",
            "shipments:",
            "shipments:delete",
            "read:*",
            "*:*",
            "Shipments:read",
            "shipments:read ",
            "rates:write",
        ] {
            let error = catalogue().parse(text).unwrap_err();
            assert!(error.details()["scope"].contains(text.trim_end()), "{text}");
        }
        let error = catalogue().parse_set("scopes", &["orders:read", "nope:read", "x"]).unwrap_err();
        assert_eq!(error.details().keys().collect::<Vec<_>>(), ["scopes[1]", "scopes[2]"]);
    }

    #[test]
    fn a_catalogue_is_checked() {
        let entry = |r: &str, a: &[&str]| CatalogueEntry::new(r, a, "");
        assert!(Catalogue::new(vec![entry("a", &["read", "read"])]).is_err());
        assert!(Catalogue::new(vec![entry("a", &["b"]), entry("b", &["a"])]).is_err());
        assert!(Catalogue::new(vec![entry("A", &["read"])]).is_err());
        assert!(Catalogue::new(vec![entry("a", &[])]).is_err());
        assert!(Catalogue::new((0..70).map(|i| entry(&format!("r{i}"), &["read"])).collect()).is_err());
        assert_eq!(catalogue().entries().len(), 14);
        assert!(catalogue().reads().iter().all(|s| s.as_str().ends_with(":read")));
        assert_eq!(catalogue().reads().iter().count(), 12);
        assert_eq!(Catalogue::permissions().entries().len(), 9);
    }

    fn any_set() -> impl Strategy<Value = ScopeSet> {
        proptest::collection::vec(select(catalogue().scopes), 0..6).prop_map(ScopeSet::from_iter)
    }

    proptest! {
        #[test]
        fn parse_is_the_inverse_of_display(scope in select(catalogue().scopes)) {
            prop_assert_eq!(catalogue().parse(scope.as_str()).unwrap(), scope);
        }

        #[test]
        fn text_round_trips(set in any_set()) {
            prop_assert_eq!(ScopeSet::from_text(&set.to_text()), set);
        }

        #[test]
        fn masks_decide_as_sets_do(held in any_set(), asked in any_set()) {
            let c = catalogue();
            prop_assert_eq!(c.granted(&held).covers(c.demanded(&asked)), held.covers(&asked));
            let any = asked.iter().any(|s| held.allows(s));
            prop_assert_eq!(c.granted(&held).meets(c.demanded(&asked)), any);
        }

        #[test]
        fn covering_is_transitive(a in any_set(), b in any_set(), c in any_set()) {
            prop_assert!(a.covers(&a));
            if a.covers(&b) && b.covers(&c) { prop_assert!(a.covers(&c)); }
        }
    }
}
