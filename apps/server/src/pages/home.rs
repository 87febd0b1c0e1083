//! The page in the dashboard's place, in builds without it.

use actix_web::{HttpResponse, web::ServiceConfig};

use super::html;
use crate::http::route::{self, page};

const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(page("/home.css").get(style)).service(page("/").get(home));
}

async fn home() -> HttpResponse {
    html(include_str!("home.html"), POLICY)
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("home.css"))
}

pub(crate) use route::not_found as elsewhere;
