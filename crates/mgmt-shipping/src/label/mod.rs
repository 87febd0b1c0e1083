//! Labels: four by six inches, a page for each parcel, with the tracking number as Code 128 (ISO/IEC 15417).
//!
//! A page is laid out once, in dots of a label printer with 203 dots an inch; each format draws the same page.

mod page;
mod pdf;
mod png;
mod zpl;

use crate::{shipment::Shipment, shipment_state::LabelType};

/// Why a label cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum LabelFault {
    /// Nothing was bought yet.
    #[error("the shipment has no label: it was not bought")]
    NotBought,
    /// The number holds what a barcode cannot.
    #[error("the tracking number `{0}` cannot be written as a barcode")]
    Barcode(String),
    /// The image could not be written.
    #[error("the image could not be written")]
    Image(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Draws the labels of a shipment that was bought.
///
/// # Errors
/// When it was not, or the label cannot be drawn.
pub fn render(shipment: &Shipment, format: LabelType) -> Result<Vec<u8>, LabelFault> {
    let pages = page::pages(shipment)?;
    match format {
        LabelType::Pdf => Ok(pdf::draw(&pages)),
        LabelType::Zpl => Ok(zpl::draw(&pages).into_bytes()),
        LabelType::Png => png::draw(&pages),
    }
}

impl LabelType {
    /// The media type of a label.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Zpl => "application/zpl",
            Self::Png => "image/png",
        }
    }
}
