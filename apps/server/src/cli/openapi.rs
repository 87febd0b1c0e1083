//! `mgmt openapi`: the API's description.

use super::{Failure, print};

/// Prints the OpenAPI document as JSON.
///
/// # Errors
/// The output can't be written.
pub(crate) fn run() -> Result<(), Failure> {
    let document = crate::openapi::document().to_pretty_json().map_err(Failure::new)?;
    print(&document)
}
