//! Ids in paths.

use std::{
    future::{Ready, ready},
    marker::PhantomData,
    str::FromStr,
};

use actix_web::{Error as ActixError, FromRequest, HttpRequest, dev::Payload};
use mgmt_core::error::Error;

use super::percent;
use crate::error::ApiError;

/// The path parameter `{id}`. Ids are opaque to clients: one that can't exist is answered like one that does not, and
/// only after the caller is known.
pub(crate) struct PathId<T> {
    text: Option<String>,
    kind: PhantomData<fn() -> T>,
}

impl<T: FromStr> PathId<T> {
    /// The id.
    ///
    /// # Errors
    /// 404 for a text that is no id of this kind.
    pub(crate) fn get(&self) -> Result<T, ApiError> {
        parse(self.text.as_deref())
    }
}

fn parse<T: FromStr>(text: Option<&str>) -> Result<T, ApiError> {
    text.and_then(|text| text.parse().ok()).ok_or_else(|| Error::not_found().into())
}

/// Another path parameter than `{id}`.
///
/// # Errors
/// 404 for a text that is no id of this kind.
pub(crate) fn parameter<T: FromStr>(request: &HttpRequest, name: &str) -> Result<T, ApiError> {
    parse(decoded(request, name).as_deref())
}

fn decoded(request: &HttpRequest, name: &str) -> Option<String> {
    request.match_info().get(name).and_then(percent::decode_path)
}

impl<T> FromRequest for PathId<T> {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { text: decoded(request, "id"), kind: PhantomData }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{ResponseError as _, test::TestRequest};
    use mgmt_core::id::KeyId;

    #[actix_web::test]
    async fn an_id_that_cannot_exist_is_not_found() {
        let id = KeyId::from_u128(7).to_string();
        for (text, found) in
            [(id.as_str(), true), ("key_1", false), ("usr_00000000000000000000000000000007", false), ("%ff", false)]
        {
            let request = TestRequest::default().param("id", text.to_owned()).to_http_request();
            let result = PathId::<KeyId>::from_request(&request, &mut Payload::None).await.unwrap().get();
            assert_eq!(result.is_ok(), found, "{text}");
            if let Err(error) = result {
                assert_eq!(error.status_code().as_u16(), 404);
            }
        }
    }
}
