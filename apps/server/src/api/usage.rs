//! Usage: how many requests were let through, refused and limited.

use actix_web::{HttpRequest, HttpResponse, web::Data, web::ServiceConfig};
use mgmt_core::{
    error::{Code, Error, Faults},
    id::KeyId,
    time::Timestamp,
    usage::{Interval, Surface, Tally, UsageBucket, UsageRange, UsageReport},
};
use mgmt_store::UsageFilter;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    app::App,
    auth::{Allow, permission::UsageRead},
    error::ApiError,
    http::{
        accept::{self, Form},
        csv,
        query::Query,
        route::page,
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(page("/v1/management/usage").get(show));
}

/// Which counts, in which buckets.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageQuery {
    /// The first moment; 24 hours before the end when left out. The bucket that holds it is whole.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The end, itself not included; now when left out. The bucket that holds the last moment is whole.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// `minute`, `hour` (when left out) or `day`, in UTC.
    interval: Option<String>,
    /// `management`, `resource` or `verify`; all when left out.
    surface: Option<String>,
    /// A key's id; all keys when left out.
    key_id: Option<String>,
}

impl UsageQuery {
    /// The range up to `now` at most, and which counts.
    fn judge(&self, now: Timestamp) -> Result<(UsageRange, UsageFilter), Error> {
        let mut faults = Faults::default();
        let wrong = || Error::invalid("surface", "must be `management`, `resource` or `verify`");
        let surface = self.surface.as_deref().map(|text| Surface::parse(text).ok_or_else(wrong));
        let surface = surface.and_then(|surface| faults.take(surface));
        let wrong = |_| Error::invalid("key_id", "must be the id of a key");
        let key = self.key_id.as_deref().and_then(|text| faults.take(text.parse::<KeyId>().map_err(wrong)));
        let wrong = || Error::invalid("interval", "must be `minute`, `hour` or `day`");
        let interval = self.interval.as_deref().map_or(Ok(Interval::Hour), |text| Interval::parse(text).ok_or_else(wrong));
        // How long the range may be goes by the interval.
        let range = faults.take(interval.and_then(|interval| UsageRange::new(self.from, self.to, interval, now)));
        faults.finish()?;
        let range = range.ok_or_else(|| Error::invalid("interval", "must be `minute`, `hour` or `day`"))?;
        Ok((range, UsageFilter { surface, key }))
    }
}

/// Counts by how requests ended.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageTotals)]
pub(crate) struct TotalsView {
    /// Let through.
    accepted: u64,
    /// Refused by a rule.
    refused: u64,
    /// Refused by a limit or quota.
    limited: u64,
}

/// The counts of one bucket.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageBucket)]
pub(crate) struct BucketView {
    /// Its first moment.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    accepted: u64,
    refused: u64,
    limited: u64,
}

/// All buckets of the range, from the oldest to the newest, and their sum.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsageView {
    data: Vec<BucketView>,
    totals: TotalsView,
}

impl From<UsageReport> for UsageView {
    fn from(report: UsageReport) -> Self {
        let bucket =
            |UsageBucket { start, tally: Tally { accepted, refused, limited } }| BucketView { start, accepted, refused, limited };
        let Tally { accepted, refused, limited } = report.totals;
        Self { data: report.buckets.into_iter().map(bucket).collect(), totals: TotalsView { accepted, refused, limited } }
    }
}

/// Shows usage by minute, hour or day, up to this moment; as CSV on `Accept: text/csv`.
#[utoipa::path(get, path = "/v1/management/usage", tag = "Usage", operation_id = "showUsage", params(UsageQuery),
    responses((status = 200, description = "Every bucket of the range", content((UsageView = "application/json"), (String = "text/csv")))))]
pub(crate) async fn show(
    app: Data<App>,
    caller: Allow<UsageRead>,
    query: Query<UsageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let neither = || ApiError::new(Code::NotAcceptable, "answers are `application/json` or `text/csv`");
    let form = accept::json_or_csv(request.headers()).ok_or_else(neither)?;
    let now = app.clock.now().wall;
    let (range, filter) = query.judge(|query| query.judge(now))?;
    let organization = caller.organization_id;
    // What was counted, but not written yet, is part of the answer.
    app.flush_counts().await?;
    let sums = app.read("usage.show", move |work| Ok(work.tx.usage().sums(organization, filter, range.from(), range.to())?));
    let view = UsageView::from(UsageReport::new(range, &sums.await?));
    Ok(match form {
        Form::Json => HttpResponse::Ok().json(json!(view)),
        Form::Csv => csv::file("usage", table(&view)),
    })
}

fn table(view: &UsageView) -> String {
    let mut table = csv::row(["start", "accepted", "refused", "limited"]);
    for bucket in &view.data {
        let counts = [bucket.accepted, bucket.refused, bucket.limited].map(|n| n.to_string());
        let start = bucket.start.to_string();
        table.push_str(&csv::row([start.as_str()].into_iter().chain(counts.iter().map(String::as_str))));
    }
    table
}
