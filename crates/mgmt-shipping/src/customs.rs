//! Customs declarations and payment.

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use crate::{
    country::{Currency, currency},
    fault::{Faults, Result},
    id::Ids,
    number::Number,
    parcel::{Commodity, CommodityDraft, CommodityParts, commodities},
    text::{self, Object, optional},
    time::Day,
    word::words,
};

words! {
    /// Who pays.
    PaidBy {
        /// Who sends.
        Sender = "sender",
        /// Who receives.
        Recipient = "recipient",
        /// Somebody else.
        ThirdParty = "third_party",
    }
}

words! {
    /// Why something crosses a border.
    ContentType {
        /// Documents.
        Documents = "documents",
        /// A gift.
        Gift = "gift",
        /// A sample.
        Sample = "sample",
        /// Merchandise.
        Merchandise = "merchandise",
        /// Merchandise that goes back.
        ReturnMerchandise = "return_merchandise",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// Terms of delivery: Incoterms of the years 2000 to 2020.
    Incoterm {
        /// Cost and freight.
        Cfr = "CFR",
        /// Cost, insurance and freight.
        Cif = "CIF",
        /// Carriage and insurance paid.
        Cip = "CIP",
        /// Carriage paid to.
        Cpt = "CPT",
        /// Delivered at frontier.
        Daf = "DAF",
        /// Delivered at place.
        Dap = "DAP",
        /// Delivered duty paid.
        Ddp = "DDP",
        /// Delivered duty unpaid.
        Ddu = "DDU",
        /// Delivered ex quay.
        Deq = "DEQ",
        /// Delivered ex ship.
        Des = "DES",
        /// Delivered at terminal.
        Dat = "DAT",
        /// Delivered at place unloaded.
        Dpu = "DPU",
        /// Ex works.
        Exw = "EXW",
        /// Free alongside ship.
        Fas = "FAS",
        /// Free carrier.
        Fca = "FCA",
        /// Free on board.
        Fob = "FOB",
    }
}

/// How a shipment is paid for, as a client sends it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaymentDraft {
    /// The sender when left out.
    pub paid_by: Option<PaidBy>,
    /// Three letters of ISO 4217.
    pub currency: Option<String>,
    /// An account with the carrier.
    pub account_number: Option<String>,
}

/// How a shipment is paid for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Payment {
    paid_by: PaidBy,
    currency: Option<Currency>,
    account_number: Option<String>,
}

impl Default for Payment {
    fn default() -> Self {
        Self { paid_by: PaidBy::Sender, currency: None, account_number: None }
    }
}

impl PaymentDraft {
    /// Judges the draft.
    ///
    /// # Errors
    /// Every field at fault.
    pub fn parse(self) -> Result<Payment> {
        let mut faults = Faults::default();
        let payment = Payment {
            paid_by: self.paid_by.unwrap_or(PaidBy::Sender),
            currency: faults.maybe("currency", self.currency, |text| currency(&text)),
            account_number: optional(&mut faults, "account_number", self.account_number, 50),
        };
        faults.finish(Some(payment))
    }
}

/// A customs declaration as a client sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomsDraft {
    /// What crosses the border; one at least.
    pub commodities: Vec<CommodityDraft>,
    /// Why it does.
    pub content_type: Option<ContentType>,
    /// Words about the contents.
    pub content_description: Option<String>,
    /// Terms of delivery.
    pub incoterm: Option<Incoterm>,
    /// Who pays duty.
    pub duty: Option<DutyDraft>,
    /// The invoice's number.
    #[cfg_attr(feature = "openapi", schema(max_length = 50))]
    pub invoice: Option<String>,
    /// The invoice's day.
    #[cfg_attr(feature = "openapi", schema(example = "2027-01-31"))]
    pub invoice_date: Option<String>,
    /// Whether the invoice is commercial.
    pub commercial_invoice: Option<bool>,
    /// Whether the declaration is certified.
    pub certify: Option<bool>,
    /// Who signs.
    #[cfg_attr(feature = "openapi", schema(max_length = 50))]
    pub signer: Option<String>,
    /// Free options.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub options: Option<Object>,
}

/// Who pays duty, as a client sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DutyDraft {
    /// The sender when left out.
    pub paid_by: Option<PaidBy>,
    /// Three letters of ISO 4217.
    pub currency: Option<String>,
    /// The value that is declared.
    pub declared_value: Option<Number>,
    /// An account with the carrier.
    pub account_number: Option<String>,
}

/// A customs declaration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Customs {
    commodities: Vec<Commodity>,
    #[serde(flatten)]
    pub(crate) parts: CustomsParts,
}

/// What a declaration says, but for the commodities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomsParts {
    content_type: Option<ContentType>,
    content_description: Option<String>,
    incoterm: Option<Incoterm>,
    duty: Option<Duty>,
    invoice: Option<String>,
    invoice_date: Option<Day>,
    commercial_invoice: bool,
    certify: bool,
    signer: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    options: Object,
}

/// Who pays duty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Duty {
    paid_by: PaidBy,
    currency: Option<Currency>,
    declared_value: Option<Number>,
    account_number: Option<String>,
}

impl CustomsDraft {
    pub(crate) fn parse<R: CryptoRng + ?Sized>(self, ids: &mut Ids<'_, R>) -> Result<Customs> {
        let mut faults = Faults::default();
        let commodities = faults.at("commodities", commodities(self.commodities, ids)).unwrap_or_default();
        let parts = CustomsParts {
            content_type: self.content_type,
            content_description: optional(&mut faults, "content_description", self.content_description, 250),
            incoterm: self.incoterm,
            duty: faults.maybe("duty", self.duty, DutyDraft::parse),
            invoice: optional(&mut faults, "invoice", self.invoice, 50),
            invoice_date: faults.maybe("invoice_date", self.invoice_date, |text| Day::parse(&text)),
            commercial_invoice: self.commercial_invoice.unwrap_or(false),
            certify: self.certify.unwrap_or(false),
            signer: optional(&mut faults, "signer", self.signer, 50),
            options: faults.maybe("options", self.options, text::object).unwrap_or_default(),
        };
        faults.finish(Some(Customs { commodities, parts }))
    }
}

impl DutyDraft {
    fn parse(self) -> Result<Duty> {
        let mut faults = Faults::default();
        let duty = Duty {
            paid_by: self.paid_by.unwrap_or(PaidBy::Sender),
            currency: faults.maybe("currency", self.currency, |text| currency(&text)),
            declared_value: faults.maybe("declared_value", self.declared_value, Number::amount),
            account_number: optional(&mut faults, "account_number", self.account_number, 50),
        };
        faults.finish(Some(duty))
    }
}

impl Customs {
    pub(crate) fn commodities(&self) -> impl Iterator<Item = &CommodityParts> {
        self.commodities.iter().map(|commodity| &commodity.parts)
    }
}
