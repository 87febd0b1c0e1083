//! The brand and the campaign templates, as the description tells them.

use serde::Serialize;
use utoipa::ToSchema;

/// A brand to make.
#[derive(Serialize, ToSchema)]
pub(crate) struct BrandBody {
    brand: BrandDetailsBody,
    address: BrandAddressBody,
    contact: BrandContactBody,
}

#[derive(Serialize, ToSchema)]
struct BrandDetailsBody {
    #[schema(max_length = 200)]
    name: String,
    /// The scheme may be left out.
    privacy_policy_url: Option<String>,
    terms_of_use_url: Option<String>,
    #[schema(max_length = 2000)]
    permission_reminder: Option<String>,
    website_url: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct BrandAddressBody {
    #[schema(max_length = 200)]
    street: String,
    #[schema(max_length = 200)]
    city: String,
    postal: Option<String>,
    state: Option<String>,
    #[schema(max_length = 200)]
    country: String,
}

#[derive(Serialize, ToSchema)]
struct BrandContactBody {
    email: String,
    phone: Option<String>,
}

/// A change of the brand: what is left out stays, at every depth.
#[derive(Serialize, ToSchema)]
pub(crate) struct BrandPatch {
    brand: Option<BrandDetailsPatch>,
    address: Option<BrandAddressPatch>,
    contact: Option<BrandContactPatch>,
}

#[derive(Serialize, ToSchema)]
struct BrandDetailsPatch {
    name: Option<String>,
    privacy_policy_url: Option<String>,
    terms_of_use_url: Option<String>,
    permission_reminder: Option<String>,
    website_url: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct BrandAddressPatch {
    street: Option<String>,
    city: Option<String>,
    postal: Option<String>,
    state: Option<String>,
    country: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct BrandContactPatch {
    email: Option<String>,
    phone: Option<String>,
}

/// The brand of a project.
#[derive(Serialize, ToSchema)]
pub(crate) struct BrandView {
    #[schema(example = "brd_019a3c5e7f0070008000000000000001")]
    id: String,
    brand: BrandDetailsBody,
    address: BrandAddressBody,
    contact: BrandContactBody,
}

/// A campaign template to make.
#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateBody {
    #[schema(max_length = 200)]
    name: String,
    #[schema(max_length = 2000)]
    description: Option<String>,
    #[schema(pattern = "^(DISCOUNT_COUPONS|GIFT_VOUCHERS)$")]
    campaign_type: String,
}

/// How a campaign template is copied.
#[derive(Serialize, ToSchema)]
pub(crate) struct CopyBody {
    /// New in the project that it goes to.
    #[schema(max_length = 200)]
    name: String,
    destination_project_id: String,
    /// As the original says when left out.
    #[schema(max_length = 2000)]
    description: Option<String>,
}

/// A campaign template.
#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateView {
    id: String,
    name: String,
    description: Option<String>,
    campaign_type: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    updated_at: Option<String>,
    object: String,
}

/// A page of campaign templates.
#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateList {
    object: String,
    data_ref: String,
    data: Vec<TemplateView>,
    /// The same once more.
    campaign_templates: Vec<TemplateView>,
    has_more: bool,
    more_starting_after: Option<String>,
    /// With `include_total` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}
