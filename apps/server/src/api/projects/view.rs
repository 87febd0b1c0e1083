//! The bodies of the projects API as the description tells them. The rules, and what is stored, are in the core.

mod marketing;
mod webhooks;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub(crate) use marketing::*;
pub(crate) use webhooks::*;

/// A list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListOf<T> {
    #[schema(pattern = "^list$")]
    object: String,
    #[schema(pattern = "^data$")]
    data_ref: String,
    data: Vec<T>,
    total: u64,
}

/// A notice when a share of a limit is used.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsageNotice {
    enabled: bool,
    #[schema(minimum = 10, maximum = 90)]
    value: i64,
    in_app: bool,
    #[schema(max_items = 100)]
    emails: Vec<String>,
}

/// Notices about the use of the API.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsageNotices {
    messages: UsageNotice,
    api_calls: UsageNotice,
    bulk_api_calls: UsageNotice,
    webhook_calls: UsageNotice,
    cycle_calls: UsageNotice,
    redemptions: Option<UsageNotice>,
}

/// A notice when something could not be delivered.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalloutNotice {
    email: bool,
    in_app: bool,
    #[schema(max_items = 100)]
    emails: Vec<String>,
}

/// Notices about failed deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalloutNotices {
    distributions: CalloutNotice,
    webhooks: CalloutNotice,
}

/// How codes are made.
#[derive(Serialize, ToSchema)]
pub(crate) struct CodeConfig {
    #[schema(max_length = 200)]
    charset: Option<String>,
}

/// A project to make.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreateProject {
    #[schema(max_length = 120, example = "Shop")]
    name: String,
    /// Whether `Code` and `code` differ; fixed.
    case_sensitive_codes: bool,
    /// An IANA name.
    #[schema(example = "Europe/Warsaw")]
    timezone: String,
    /// Three letters of ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    #[schema(max_length = 2000)]
    description: Option<String>,
    #[schema(example = "+48")]
    dial_code: Option<String>,
    /// `eu1` (the default), `us1` or `as1`; fixed.
    #[schema(example = "eu1")]
    cluster_id: Option<String>,
    #[schema(example = "v2018-08-01")]
    api_version: Option<String>,
    #[schema(example = "v2024-01-01")]
    webhook_version: Option<String>,
    #[schema(max_items = 100)]
    client_trusted_domains: Option<Vec<String>>,
    client_redeem_enabled: Option<bool>,
    client_publish_enabled: Option<bool>,
    client_list_vouchers_enabled: Option<bool>,
    client_create_customer_enabled: Option<bool>,
    client_loyalty_events_enabled: Option<bool>,
    client_set_voucher_expiration_date_enabled: Option<bool>,
    webhooks_callout_notifications: Option<CalloutNotices>,
    api_usage_notifications: Option<UsageNotices>,
    /// People of the organization to assign.
    users: Option<Vec<AssignUser>>,
}

/// A change of a project: what is left out stays.
#[derive(Serialize, ToSchema)]
pub(crate) struct UpdateProject {
    #[schema(max_length = 120)]
    name: Option<String>,
    timezone: Option<String>,
    currency: Option<String>,
    #[schema(max_length = 2000)]
    description: Option<String>,
    dial_code: Option<String>,
    webhook_version: Option<String>,
    #[schema(max_items = 100)]
    client_trusted_domains: Option<Vec<String>>,
    client_redeem_enabled: Option<bool>,
    client_publish_enabled: Option<bool>,
    client_list_vouchers_enabled: Option<bool>,
    client_create_customer_enabled: Option<bool>,
    client_loyalty_events_enabled: Option<bool>,
    client_set_voucher_expiration_date_enabled: Option<bool>,
    webhooks_callout_notifications: Option<CalloutNotices>,
    api_usage_notifications: Option<UsageNotices>,
    default_code_config: Option<CodeConfig>,
}

/// A project.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectView {
    #[schema(example = "proj_019a3c5e7f0070008000000000000001")]
    id: String,
    name: String,
    description: Option<String>,
    timezone: String,
    currency: String,
    dial_code: Option<String>,
    cluster_id: String,
    api_version: String,
    webhook_version: String,
    case_sensitive_codes: bool,
    client_trusted_domains: Vec<String>,
    client_redeem_enabled: bool,
    client_publish_enabled: bool,
    client_list_vouchers_enabled: bool,
    client_create_customer_enabled: bool,
    client_loyalty_events_enabled: bool,
    client_set_voucher_expiration_date_enabled: bool,
    webhooks_callout_notifications: CalloutNotices,
    api_usage_notifications: UsageNotices,
    default_code_config: CodeConfig,
    is_sandbox: bool,
    /// The secret that webhooks are signed with; only for callers with `projects:write`.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_token: Option<String>,
}

/// A key of a project, shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppKey {
    /// For `X-App-Id`.
    app_id: String,
    /// For `X-App-Token`; `null` in a repeated answer when the key can no longer be shown.
    app_token: Option<String>,
}

/// A new project with its keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectCreated {
    #[serde(flatten)]
    view: ProjectView,
    /// Holds every scope; null when the caller may not hand them out.
    server_side_key: Option<AppKey>,
    /// Holds every scope that reads; null when the caller may not hand them out.
    client_side_key: Option<AppKey>,
}

/// Somebody to assign: exactly one of `id` and `login`.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssignUser {
    id: Option<String>,
    login: Option<String>,
    #[schema(pattern = "^(ADMIN|USER|VIEWER|MERCHANT)$")]
    role: String,
}

/// A role in a project.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserRole {
    #[schema(pattern = "^(ADMIN|USER|VIEWER|MERCHANT)$")]
    role: String,
}

/// Somebody to invite.
#[derive(Serialize, ToSchema)]
pub(crate) struct InviteUser {
    #[schema(example = "ana@example.com")]
    email: String,
    #[schema(max_length = 60)]
    first_name: String,
    #[schema(max_length = 60)]
    last_name: String,
    /// Project id to role; one at least.
    projects: BTreeMap<String, String>,
}

/// Somebody in a project.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectUser {
    id: String,
    login: String,
    email: String,
    first_name: String,
    last_name: String,
    /// In this project.
    role: String,
    /// Project id to role, in every project of the organization.
    projects: BTreeMap<String, String>,
    is_owner: bool,
}

/// Stacking rules: what is left out has its default, or stays.
#[derive(Serialize, ToSchema)]
pub(crate) struct RulesBody {
    #[schema(minimum = 1, maximum = 30)]
    redeemables_limit: Option<i64>,
    #[schema(minimum = 1, maximum = 30)]
    applicable_redeemables_limit: Option<i64>,
    #[schema(minimum = 1, maximum = 30)]
    applicable_redeemables_per_category_limit: Option<i64>,
    /// Category id to limit, 1 to 10.
    applicable_redeemables_category_limits: Option<BTreeMap<String, i64>>,
    #[schema(minimum = 1, maximum = 5)]
    applicable_exclusive_redeemables_limit: Option<i64>,
    #[schema(minimum = 1, maximum = 30)]
    applicable_exclusive_redeemables_per_category_limit: Option<i64>,
    exclusive_categories: Option<Vec<String>>,
    joint_categories: Option<Vec<String>>,
    #[schema(pattern = "^(INITIAL_AMOUNT|DISCOUNTED_AMOUNT)$")]
    discount_calculation_mode: Option<String>,
    initial_amount_mode_categories: Option<Vec<String>>,
    discounted_amount_mode_categories: Option<Vec<String>>,
    #[schema(pattern = "^(ALL|PARTIAL)$")]
    redeemables_application_mode: Option<String>,
    #[schema(pattern = "^(CATEGORY_HIERARCHY|REQUESTED_ORDER)$")]
    redeemables_sorting_rule: Option<String>,
    #[schema(pattern = "^(STACK|ONCE)$")]
    redeemables_products_application_mode: Option<String>,
    #[schema(pattern = "^(REDEEM_ANYWAY|SKIP)$")]
    redeemables_no_effect_rule: Option<String>,
    no_effect_skip_categories: Option<Vec<String>>,
    no_effect_redeem_anyway_categories: Option<Vec<String>>,
    #[schema(pattern = "^(WITH_ORDER|WITHOUT_ORDER)$")]
    redeemables_rollback_order_mode: Option<String>,
    #[schema(pattern = "^JOINT_ALWAYS_LAST$")]
    grouped_redeemables_sorting_rule: Option<String>,
}

/// Stacking rules. The default ones have no id and no times.
#[derive(Serialize, ToSchema)]
pub(crate) struct RulesView {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    redeemables_limit: i64,
    applicable_redeemables_limit: i64,
    applicable_redeemables_per_category_limit: Option<i64>,
    applicable_redeemables_category_limits: BTreeMap<String, i64>,
    applicable_exclusive_redeemables_limit: i64,
    applicable_exclusive_redeemables_per_category_limit: Option<i64>,
    exclusive_categories: Vec<String>,
    joint_categories: Vec<String>,
    discount_calculation_mode: String,
    initial_amount_mode_categories: Vec<String>,
    discounted_amount_mode_categories: Vec<String>,
    redeemables_application_mode: String,
    redeemables_sorting_rule: String,
    redeemables_products_application_mode: String,
    redeemables_no_effect_rule: String,
    no_effect_skip_categories: Vec<String>,
    no_effect_redeem_anyway_categories: Vec<String>,
    redeemables_rollback_order_mode: String,
    grouped_redeemables_sorting_rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

/// What is said of one field of metadata.
#[derive(Serialize, ToSchema)]
pub(crate) struct DefinitionBody {
    #[serde(rename = "type")]
    #[schema(pattern = "^(string|number|object|date|datetime|geopoint|boolean|image_url)$")]
    kind: String,
    optional: bool,
    array: bool,
    deleted: Option<bool>,
    /// The custom schema of an object.
    object_type: Option<String>,
    min_length: Option<i64>,
    max_length: Option<i64>,
    exact_length: Option<i64>,
    /// Texts, or numbers with two decimals at most.
    eq: Option<Vec<Value>>,
    ne: Option<Vec<f64>>,
    lt: Option<f64>,
    lte: Option<f64>,
    gt: Option<f64>,
    gte: Option<f64>,
}

/// A metadata schema to make.
#[derive(Serialize, ToSchema)]
pub(crate) struct SchemaBody {
    /// A standard kind of object such as `voucher`, or the name of a custom schema.
    #[schema(example = "voucher", max_length = 100)]
    related_object: String,
    properties: BTreeMap<String, DefinitionBody>,
    allow_defined_only: Option<bool>,
}

/// A change of a metadata schema: definitions that are not sent stay, those that are sent are replaced whole.
#[derive(Serialize, ToSchema)]
pub(crate) struct SchemaPatch {
    properties: BTreeMap<String, DefinitionBody>,
    allow_defined_only: Option<bool>,
}

/// A metadata schema.
#[derive(Serialize, ToSchema)]
pub(crate) struct SchemaView {
    #[schema(example = "ms_019a3c5e7f0070008000000000000001")]
    id: String,
    related_object: String,
    properties: BTreeMap<String, DefinitionBody>,
    allow_defined_only: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: Option<String>,
    object: String,
}

/// What is said of one attribute of an event.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttributeBody {
    #[serde(rename = "type")]
    #[schema(pattern = "^(string|number|date|datetime|boolean)$")]
    kind: String,
    optional: bool,
    deleted: Option<bool>,
}

/// The attributes of an event.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttributesBody {
    properties: BTreeMap<String, AttributeBody>,
}

/// An event schema to make.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventSchemaBody {
    #[schema(max_length = 100)]
    name: String,
    schema: AttributesBody,
}

/// A change of an event schema: attributes that are not sent stay.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventSchemaPatch {
    schema: AttributesBody,
}

/// An event schema.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventSchemaView {
    id: String,
    name: String,
    schema: AttributesBody,
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    updated_at: Option<String>,
    object: String,
}
