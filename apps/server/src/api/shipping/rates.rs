//! What a shipment would cost.

use actix_web::{HttpResponse, web::Data};
use mgmt_shipping::{
    rate::Rates,
    shipment::{RatesDraft, ShipmentDraft},
};

use super::{moment, rng, told};
use crate::{
    app::App,
    auth::resource::{AllowKey, RatesRead},
    error::ApiError,
    http::{
        body::Body,
        query::{NoParameters, Query},
    },
};

/// Prices a shipment by the organization's rate sheets, the cheapest first. Nothing is kept.
#[utoipa::path(post, path = "/v1/rates", tag = "Rates", operation_id = "fetchRates", request_body = RatesDraft,
    responses((status = 200, description = "Rates, and why services have none", body = Rates)))]
pub(crate) async fn rate(
    app: Data<App>,
    caller: AllowKey<RatesRead>,
    query: Query<NoParameters>,
    body: Body<RatesDraft>,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let caller = caller.into_caller();
    let now = moment(app.clock.now().wall);
    let judge = |draft: RatesDraft| ShipmentDraft::from(draft).parse(now, &mut rng()).map_err(|invalid| told(&invalid));
    let (parts, _) = body.parse(judge).await?;
    let rated = app.read("rates.fetch", move |work| {
        let sheets = work.tx.rate_sheets().all(caller.organization_id)?;
        Ok(parts.rate((&work.app.carriers, &sheets), caller.test_mode, now, &mut work.rng))
    });
    Ok(HttpResponse::Ok().json(rated.await?))
}
