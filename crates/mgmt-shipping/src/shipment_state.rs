//! The states of a shipment, and which leads to which.
//!
//! ```text
//! draft ── purchase ──▶ created ◀──▶ shipped, in_transit, out_for_delivery, needs_attention, delivery_failed ──▶ delivered
//!   └───── cancel ────────┴──────▶ cancelled
//! ```

use serde::{Deserialize, Serialize};

use crate::{id::TrackerId, rate::Rate, tracker::TrackerStatus, word::words};

words! {
    /// What clients see of a shipment's state.
    ShipmentStatus {
        /// Not bought yet.
        Draft = "draft",
        /// Bought, and not on its way yet.
        Created = "created",
        /// Handed to the carrier.
        Shipped = "shipped",
        /// On its way.
        InTransit = "in_transit",
        /// With the courier.
        OutForDelivery = "out_for_delivery",
        /// With the recipient. Final.
        Delivered = "delivered",
        /// Held or late.
        NeedsAttention = "needs_attention",
        /// The recipient was not reached.
        DeliveryFailed = "delivery_failed",
        /// Not to be sent. Final.
        Cancelled = "cancelled",
    }
}

words! {
    /// The file format of a label.
    LabelType {
        /// A document.
        Pdf = "PDF",
        /// A program for label printers.
        Zpl = "ZPL",
        /// An image.
        Png = "PNG",
    }
}

/// How far a shipment that was bought is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// The label is made.
    Created,
    /// Handed over.
    Shipped,
    /// On its way.
    InTransit,
    /// With the courier.
    OutForDelivery,
    /// Held or late.
    NeedsAttention,
    /// The recipient was not reached.
    DeliveryFailed,
    /// With the recipient.
    Delivered,
}

/// What buying a label yields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purchase {
    /// What was bought.
    pub rate: Rate,
    /// The carrier's number of the parcel.
    pub tracking_number: String,
    /// The carrier's number of the shipment.
    pub shipment_identifier: String,
    /// Where people follow it.
    pub tracking_url: Option<String>,
    /// The tracker that follows it.
    pub tracker_id: Option<TrackerId>,
}

/// The state of a shipment with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Not bought yet.
    Draft,
    /// Bought.
    Bought {
        /// What was bought.
        purchase: Purchase,
        /// How far it is.
        progress: Progress,
    },
    /// Not to be sent.
    Cancelled {
        /// What had been bought. Its tracker is gone.
        purchase: Option<Purchase>,
    },
}

/// The state does not allow the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a shipment that is `{status}` cannot be {action}")]
pub struct Forbidden {
    /// What the shipment is.
    pub status: ShipmentStatus,
    /// What should have been done to it.
    pub action: &'static str,
}

impl State {
    /// What clients see.
    #[must_use]
    pub fn status(&self) -> ShipmentStatus {
        match self {
            Self::Draft => ShipmentStatus::Draft,
            Self::Cancelled { .. } => ShipmentStatus::Cancelled,
            Self::Bought { progress, .. } => match progress {
                Progress::Created => ShipmentStatus::Created,
                Progress::Shipped => ShipmentStatus::Shipped,
                Progress::InTransit => ShipmentStatus::InTransit,
                Progress::OutForDelivery => ShipmentStatus::OutForDelivery,
                Progress::NeedsAttention => ShipmentStatus::NeedsAttention,
                Progress::DeliveryFailed => ShipmentStatus::DeliveryFailed,
                Progress::Delivered => ShipmentStatus::Delivered,
            },
        }
    }

    /// What was bought, if anything was.
    #[must_use]
    pub fn purchase(&self) -> Option<&Purchase> {
        match self {
            Self::Draft => None,
            Self::Bought { purchase, .. } => Some(purchase),
            Self::Cancelled { purchase } => purchase.as_ref(),
        }
    }

    fn forbid(&self, action: &'static str) -> Forbidden {
        Forbidden { status: self.status(), action }
    }

    /// Only a draft can be changed, rated and bought.
    ///
    /// # Errors
    /// When it is none.
    pub fn demand_draft(&self, action: &'static str) -> Result<(), Forbidden> {
        if matches!(self, Self::Draft) { Ok(()) } else { Err(self.forbid(action)) }
    }

    /// A draft is bought.
    ///
    /// # Errors
    /// When it is none.
    pub fn buy(self, purchase: Purchase) -> Result<Self, Forbidden> {
        self.demand_draft("purchased")?;
        Ok(Self::Bought { purchase, progress: Progress::Created })
    }

    /// A shipment that is not on its way is cancelled; one that is cancelled stays so.
    ///
    /// # Errors
    /// When it is on its way.
    pub fn cancel(self) -> Result<Self, Forbidden> {
        match self {
            Self::Draft => Ok(Self::Cancelled { purchase: None }),
            Self::Bought { purchase, progress: Progress::Created } => {
                Ok(Self::Cancelled { purchase: Some(Purchase { tracker_id: None, ..purchase }) })
            }
            Self::Cancelled { .. } => Ok(self),
            Self::Bought { .. } => Err(self.forbid("cancelled")),
        }
    }

    /// Follows the tracker. Only what was bought moves, and what was delivered stays so.
    #[must_use]
    pub fn follow(self, tracker: TrackerStatus) -> Self {
        match self {
            Self::Bought { purchase, progress } if progress != Progress::Delivered => {
                Self::Bought { purchase, progress: progress_by(tracker).unwrap_or(progress) }
            }
            other => other,
        }
    }

    /// Forgets or notes the tracker that follows it.
    #[must_use]
    pub fn tracked_by(self, tracker_id: Option<TrackerId>) -> Self {
        match self {
            Self::Bought { purchase, progress } => Self::Bought { purchase: Purchase { tracker_id, ..purchase }, progress },
            other => other,
        }
    }
}

/// What a tracker's status says about its shipment.
fn progress_by(tracker: TrackerStatus) -> Option<Progress> {
    match tracker {
        TrackerStatus::Pending => None,
        TrackerStatus::PickedUp => Some(Progress::Shipped),
        TrackerStatus::OutForDelivery => Some(Progress::OutForDelivery),
        TrackerStatus::Delivered => Some(Progress::Delivered),
        TrackerStatus::DeliveryFailed => Some(Progress::DeliveryFailed),
        TrackerStatus::OnHold | TrackerStatus::DeliveryDelayed => Some(Progress::NeedsAttention),
        TrackerStatus::InTransit
        | TrackerStatus::ReadyForPickup
        | TrackerStatus::ReturnToSender
        | TrackerStatus::Cancelled
        | TrackerStatus::Unknown => Some(Progress::InTransit),
    }
}
