//! Projects of an organization, and what hangs on them: people with roles, schemas, rules, branding, templates and webhooks.
//!
//! The shapes follow Voucherify's management API, so that its clients work unchanged: names of fields and values are as they
//! stand on that wire. Each kind of object has a module of its own with a draft (what a client sends to make one), a change (what
//! it sends later) and the rules between them; [`part`] is what they have in common.

pub mod branding;
pub mod event_schema;
pub mod member;
pub mod metadata_schema;
pub mod notices;
pub mod part;
pub mod send_out;
pub mod settings;
pub mod stacking_rules;
pub mod template;
pub mod webhook;

use rand_core::CryptoRng;

use crate::{
    cipher,
    id::{OrganizationId, ProjectId},
    key_text::random_token,
    secret::{KeyMaterial, PlainSecret},
    time::Timestamp,
};
use settings::ProjectSettings;

/// Base62 symbols of a webhook token: 190 bits and more.
const TOKEN_SYMBOLS: usize = 32;

/// A project.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// What its people chose.
    pub settings: ProjectSettings,
    /// The secret that its webhooks are signed with, encrypted.
    pub webhook_token: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, for guarded updates.
    pub version: i64,
}

impl Project {
    /// A new project with a webhook token of its own. `None` when that could not be encrypted, which does not happen.
    pub fn new(
        organization_id: OrganizationId,
        settings: ProjectSettings,
        keep: &KeyMaterial,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<Self> {
        let id = ProjectId::new(now, rng);
        let token = random_token(TOKEN_SYMBOLS, rng);
        let webhook_token = cipher::seal(keep, token.expose().as_bytes(), aad(id).as_bytes(), rng)?;
        Some(Self { id, organization_id, settings, webhook_token, created_at: now, updated_at: now, version: 1 })
    }

    /// Decrypts the webhook token. `None` when it was made under another master key, belongs to another project, or was altered.
    #[must_use]
    pub fn open_token(&self, keep: &KeyMaterial) -> Option<PlainSecret> {
        let bytes = cipher::open(keep, &self.webhook_token, aad(self.id).as_bytes())?;
        std::str::from_utf8(&bytes).ok().map(|t| PlainSecret::new(t.to_owned()))
    }

    /// Takes over new settings; the version moves only when something changed.
    #[must_use]
    pub fn update(mut self, settings: ProjectSettings, now: Timestamp) -> Self {
        if settings != self.settings {
            self.settings = settings;
            self.updated_at = now;
            self.version += 1;
        }
        self
    }
}

fn aad(project: ProjectId) -> String {
    format!("mgmt project webhook token {project}")
}

#[cfg(test)]
mod tests {
    use super::{settings::tests::draft, *};
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    #[test]
    fn the_webhook_token_opens_for_its_project_only() {
        let (keep, now) = (KeyMaterial::new([5; 32]), Timestamp::from_millis(1_800_000_000_000));
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let settings = draft().parse(&[]).unwrap();
        let project = Project::new(OrganizationId::from_u128(1), settings.clone(), &keep, now, &mut rng).unwrap();
        assert_eq!(project.open_token(&keep).unwrap().expose().len(), TOKEN_SYMBOLS);
        assert!(project.open_token(&KeyMaterial::new([6; 32])).is_none());
        assert!(Project { id: ProjectId::from_u128(9), ..project.clone() }.open_token(&keep).is_none());
        assert_eq!(project.clone().update(settings.clone(), now).version, 1);
        assert_eq!(project.update(ProjectSettings { name: "Other".to_owned(), ..settings }, now).version, 2);
    }
}
