//! The webhooks of a project, as the description tells them.

use serde::Serialize;
use utoipa::ToSchema;

/// A webhook of a project to make.
#[derive(Serialize, ToSchema)]
pub(crate) struct HookBody {
    #[schema(example = "https://example.com/hooks", max_length = 2048)]
    target_url: String,
    /// Published names, in either spelling.
    #[schema(min_items = 1, max_items = 100, example = json!(["voucher.created"]))]
    events: Vec<String>,
    active: Option<bool>,
}

/// A change of a webhook: `events` replaces the whole list.
#[derive(Serialize, ToSchema)]
pub(crate) struct HookPatch {
    #[schema(max_length = 2048)]
    target_url: Option<String>,
    #[schema(min_items = 1, max_items = 100)]
    events: Option<Vec<String>>,
    active: Option<bool>,
}

/// A webhook of a project.
#[derive(Serialize, ToSchema)]
pub(crate) struct HookView {
    id: String,
    target_url: String,
    events: Vec<String>,
    active: bool,
    #[schema(format = DateTime)]
    created_at: String,
    object: String,
}
