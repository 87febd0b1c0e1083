//! The dashboard: one page for all its addresses, and the files that the page loads.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method,
        header::{AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ContentEncoding, Encoding, Header as _, VARY},
    },
    web::{Data, ServiceConfig},
};
use mgmt_core::{error::Error, key_text::random_token};
use rust_embed::Embed;

use super::html;
use crate::{
    app::App,
    error::ApiError,
    http::{
        accept,
        route::{self, page},
    },
};

/// The page itself.
const INDEX: &str = include_str!("../../../dashboard/dist/index.html");
/// What the page's build leaves for us to fill in.
const NONCE: &str = "__CSP_NONCE__";
const STATE: &str = "__MGMT_STATE__";
/// More than 128 bits.
const NONCE_SYMBOLS: usize = 24;
/// First segments of addresses that are not the dashboard's, whatever is below them.
const FOREIGN: [&str; 8] = ["api", "v1", "management", "docs", "assets", "livez", "readyz", "metrics"];

/// The files, whose names change with their content. Beside some are their compressed forms, `.br` and `.gz`.
#[derive(Embed)]
#[folder = "../dashboard/dist/assets"]
struct Assets;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(page("/").get(index)).service(page("/assets/{file}").get(asset));
}

/// The page; its policy lets in our own files only, and the style elements that carry this answer's nonce.
async fn index(app: Data<App>) -> HttpResponse {
    let organization = app.read("pages.operator", |work| Ok(work.tx.organizations().find_operator()?));
    // Whether it is empty can't be told without the database: then the dashboard finds out itself what is wrong.
    let state = if matches!(organization.await, Ok(None)) { "empty" } else { "ready" };
    let nonce = random_token(NONCE_SYMBOLS, &mut rand_core::UnwrapErr(getrandom::SysRng));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{}'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
        nonce.expose()
    );
    html(INDEX.replace(NONCE, nonce.expose()).replace(STATE, state), &policy)
}

/// An address that no endpoint has: a page of the dashboard for who asks for a page, an error for everybody else.
pub(crate) async fn elsewhere(request: HttpRequest, method: Method) -> Result<HttpResponse, ApiError> {
    match request.app_data::<Data<App>>() {
        Some(app) if method == Method::GET && accept::names_html(request.headers()) && is_client_route(request.path()) => {
            Ok(index(app.clone()).await)
        }
        _ => route::not_found(method).await,
    }
}

/// Whether an address can be one of the dashboard's. A file that is missing is none: nobody must cache a page in its place.
fn is_client_route(path: &str) -> bool {
    let mut segments = path.trim_start_matches('/').split('/');
    let is_ours = segments.clone().next().is_some_and(|first| !FOREIGN.contains(&first.to_ascii_lowercase().as_str()));
    is_ours && segments.next_back().is_some_and(|last| !last.contains('.')) && !path.contains("//")
}

async fn asset(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let name = request.match_info().get("file").unwrap_or_default();
    let kind = content_type(name).ok_or_else(Error::not_found)?;
    let (encoding, file) = best_form(&request, name).ok_or_else(Error::not_found)?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((VARY, "Accept-Encoding"));
    if let Some(encoding) = encoding {
        answer.insert_header((CONTENT_ENCODING, encoding));
    }
    Ok(answer.body(file.data.into_owned()))
}

/// The smallest form of a file that the client understands.
fn best_form(request: &HttpRequest, name: &str) -> Option<(Option<&'static str>, rust_embed::EmbeddedFile)> {
    let accepted = AcceptEncoding::parse(request).ok();
    let forms = [("br", ContentEncoding::Brotli), ("gzip", ContentEncoding::Gzip)];
    let compressed = forms.into_iter().find_map(|(word, encoding)| {
        let wanted = Encoding::Known(encoding);
        let understood = accepted.as_ref().and_then(|a| a.negotiate([&wanted].into_iter()));
        if understood.as_ref() != Some(&wanted) {
            return None;
        }
        let suffix = if word == "br" { "br" } else { "gz" };
        Assets::get(&format!("{name}.{suffix}")).map(|file| (Some(word), file))
    });
    compressed.or_else(|| Assets::get(name).map(|file| (None, file)))
}

/// The types that the dashboard's build makes; nothing else is served, the compressed forms by their own names neither.
fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dashboards_addresses() {
        for path in ["/keys", "/webhooks/whk_1/deliveries", "/settings/sessions", "/apiary", "/nothing/of/ours", "/keys/"] {
            assert!(is_client_route(path), "{path}");
        }
        for path in
            ["/api", "/API/x", "/v1/nope", "/management/v1/x", "/docs/x", "/assets/x", "/favicon.ico", "/keys/x.css", "//evil/x"]
        {
            assert!(!is_client_route(path), "{path}");
        }
    }

    #[test]
    fn the_page_has_what_is_filled_in() {
        assert!(INDEX.contains(NONCE) && INDEX.contains(STATE));
        assert!(Assets::iter().any(|name| name.ends_with(".js.br")));
    }
}
