//! Parcels and what is in them.

use rand_core::CryptoRng;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    country::{Country, Currency, currency},
    fault::{Faults, Invalid, REQUIRED, Result},
    id::{CommodityId, Ids, ItemId, ParcelId},
    number::Number,
    text::{self, Object, optional},
    unit::{LengthUnit, Weight, WeightUnit},
    word::{ObjectType, words},
};

/// The most items in a parcel, or commodities in a declaration.
const MAX_ITEMS: usize = 200;

words! {
    /// How a parcel is packed.
    Packaging {
        /// An envelope.
        Envelope = "envelope",
        /// A padded envelope.
        Pak = "pak",
        /// A tube.
        Tube = "tube",
        /// A pallet.
        Pallet = "pallet",
        /// A small box.
        SmallBox = "small_box",
        /// A medium box.
        MediumBox = "medium_box",
        /// The sender's own packaging.
        YourPackaging = "your_packaging",
    }
}

/// A parcel as a client sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParcelDraft {
    /// More than 0.
    pub weight: Number,
    /// The unit of the weight.
    pub weight_unit: WeightUnit,
    /// Length, width and height are given together or not at all.
    pub length: Option<Number>,
    /// See `length`.
    pub width: Option<Number>,
    /// See `length`.
    pub height: Option<Number>,
    /// Needed when length, width and height are given.
    pub dimension_unit: Option<LengthUnit>,
    /// How it is packed.
    pub packaging_type: Option<Packaging>,
    /// A carrier's name of a packaging.
    pub package_preset: Option<String>,
    /// Words about it.
    #[cfg_attr(feature = "openapi", schema(max_length = 250))]
    pub description: Option<String>,
    /// What is in it.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub content: Option<String>,
    /// Whether it holds documents only.
    pub is_document: Option<bool>,
    /// The sender's number of it.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub reference_number: Option<String>,
    /// A class of freight.
    #[cfg_attr(feature = "openapi", schema(max_length = 6))]
    pub freight_class: Option<String>,
    /// The items in it.
    pub items: Option<Vec<CommodityDraft>>,
    /// Free options.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub options: Option<Object>,
    /// Free data.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub meta: Option<Object>,
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Parcel {
    id: ParcelId,
    object_type: ObjectType,
    #[serde(flatten)]
    pub(crate) parts: ParcelParts,
    items: Vec<Item>,
}

/// What a parcel is, but for its items.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParcelParts {
    weight: Number,
    weight_unit: WeightUnit,
    length: Option<Number>,
    width: Option<Number>,
    height: Option<Number>,
    dimension_unit: Option<LengthUnit>,
    packaging_type: Option<Packaging>,
    package_preset: Option<String>,
    description: Option<String>,
    content: Option<String>,
    is_document: bool,
    reference_number: Option<String>,
    freight_class: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    options: Object,
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    meta: Object,
}

/// The outer measures of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimensions {
    /// Length, width and height.
    pub sides: [Decimal; 3],
    /// Their unit.
    pub unit: LengthUnit,
}

impl Dimensions {
    /// The sides in a unit.
    #[must_use]
    pub fn in_unit(self, unit: LengthUnit) -> [Decimal; 3] {
        if unit == self.unit { self.sides } else { self.sides.map(|s| s * self.unit.centimetres() / unit.centimetres()) }
    }
}

/// The members of a parcel side by side, as they are read faster than from a struct within another.
#[derive(Deserialize)]
struct Stored {
    id: ParcelId,
    object_type: ObjectType,
    weight: Number,
    weight_unit: WeightUnit,
    length: Option<Number>,
    width: Option<Number>,
    height: Option<Number>,
    dimension_unit: Option<LengthUnit>,
    packaging_type: Option<Packaging>,
    package_preset: Option<String>,
    description: Option<String>,
    content: Option<String>,
    is_document: bool,
    reference_number: Option<String>,
    freight_class: Option<String>,
    options: Object,
    meta: Object,
    items: Vec<Item>,
}

impl From<Stored> for Parcel {
    fn from(stored: Stored) -> Self {
        let parts = ParcelParts {
            weight: stored.weight,
            weight_unit: stored.weight_unit,
            length: stored.length,
            width: stored.width,
            height: stored.height,
            dimension_unit: stored.dimension_unit,
            packaging_type: stored.packaging_type,
            package_preset: stored.package_preset,
            description: stored.description,
            content: stored.content,
            is_document: stored.is_document,
            reference_number: stored.reference_number,
            freight_class: stored.freight_class,
            options: stored.options,
            meta: stored.meta,
        };
        Self { id: stored.id, object_type: stored.object_type, parts, items: stored.items }
    }
}

impl ParcelDraft {
    pub(crate) fn parse<R: CryptoRng + ?Sized>(self, ids: &mut Ids<'_, R>) -> Result<Parcel> {
        let mut faults = Faults::default();
        let weight = faults.at("weight", self.weight.measure());
        self.demand_dimensions(&mut faults);
        let [length, width, height] = [("length", self.length), ("width", self.width), ("height", self.height)]
            .map(|(field, side)| faults.maybe(field, side, Number::measure));
        let items = self.items.unwrap_or_default();
        faults.demand(items.len() <= MAX_ITEMS, "items", "must have at most 200 entries");
        let items = faults.each("items", items, |item| {
            Ok(Item { id: ids.make(ItemId::new), object_type: ObjectType::Item, parts: item.parse()? })
        });
        let parts = ParcelParts {
            weight: weight.unwrap_or_default(),
            weight_unit: self.weight_unit,
            length,
            width,
            height,
            dimension_unit: self.dimension_unit,
            packaging_type: self.packaging_type,
            package_preset: optional(&mut faults, "package_preset", self.package_preset, 50),
            description: optional(&mut faults, "description", self.description, 250),
            content: optional(&mut faults, "content", self.content, 100),
            is_document: self.is_document.unwrap_or(false),
            reference_number: optional(&mut faults, "reference_number", self.reference_number, 100),
            freight_class: optional(&mut faults, "freight_class", self.freight_class, 6),
            options: faults.maybe("options", self.options, text::object).unwrap_or_default(),
            meta: faults.maybe("meta", self.meta, text::object).unwrap_or_default(),
        };
        faults.finish(Some(Parcel { id: ids.make(ParcelId::new), object_type: ObjectType::Parcel, parts, items }))
    }

    fn demand_dimensions(&self, faults: &mut Faults) {
        let sides = [("length", self.length), ("width", self.width), ("height", self.height)];
        let given = sides.iter().filter(|(_, side)| side.is_some()).count();
        if given == 0 {
            return;
        }
        for (field, _) in sides.iter().filter(|(_, side)| side.is_none()) {
            faults.note(*field, "must be given when another of length, width and height is");
        }
        faults.demand(self.dimension_unit.is_some(), "dimension_unit", "must be `CM` or `IN` when dimensions are given");
    }
}

impl Parcel {
    /// Its weight.
    #[must_use]
    pub fn weight(&self) -> Weight {
        Weight { value: self.parts.weight, unit: self.parts.weight_unit }
    }

    /// Its measures, where they were given.
    #[must_use]
    pub fn dimensions(&self) -> Option<Dimensions> {
        let sides = [self.parts.length?, self.parts.width?, self.parts.height?].map(Number::get);
        Some(Dimensions { sides, unit: self.parts.dimension_unit? })
    }

    /// The sender's number of it.
    #[must_use]
    pub fn reference_number(&self) -> Option<&str> {
        self.parts.reference_number.as_deref()
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &CommodityParts> {
        self.items.iter().map(|item| &item.parts)
    }
}

/// An item or commodity as a client sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommodityDraft {
    /// The weight of one; more than 0.
    pub weight: Number,
    /// The unit of the weight.
    pub weight_unit: WeightUnit,
    /// How many; 1 when left out.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub quantity: Option<u32>,
    /// A name.
    pub title: Option<String>,
    /// Words about it.
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub description: Option<String>,
    /// The seller's number of it.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub sku: Option<String>,
    /// A code of the Harmonized System.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub hs_code: Option<String>,
    /// The value of one.
    pub value_amount: Option<Number>,
    /// Three letters of ISO 4217.
    pub value_currency: Option<String>,
    /// Where it was made: two letters of ISO 3166-1.
    pub origin_country: Option<String>,
    /// Free data.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub metadata: Option<Object>,
}

/// An item in a parcel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    id: ItemId,
    object_type: ObjectType,
    #[serde(flatten)]
    parts: CommodityParts,
}

/// A commodity of a customs declaration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Commodity {
    id: CommodityId,
    object_type: ObjectType,
    #[serde(flatten)]
    pub(crate) parts: CommodityParts,
}

/// What an item or commodity is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommodityParts {
    weight: Number,
    weight_unit: WeightUnit,
    quantity: u32,
    title: Option<String>,
    description: Option<String>,
    sku: Option<String>,
    hs_code: Option<String>,
    value_amount: Option<Number>,
    value_currency: Option<Currency>,
    origin_country: Option<Country>,
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    metadata: Object,
}

impl CommodityDraft {
    fn parse(self) -> Result<CommodityParts> {
        let mut faults = Faults::default();
        let weight = faults.at("weight", self.weight.measure());
        let quantity = self.quantity.unwrap_or(1);
        faults.demand((1..=1_000_000).contains(&quantity), "quantity", "must be a whole number from 1 to 1000000");
        let parts = CommodityParts {
            weight: weight.unwrap_or_default(),
            weight_unit: self.weight_unit,
            quantity,
            title: optional(&mut faults, "title", self.title, 200),
            description: optional(&mut faults, "description", self.description, 200),
            sku: optional(&mut faults, "sku", self.sku, 100),
            hs_code: optional(&mut faults, "hs_code", self.hs_code, 100),
            value_amount: faults.maybe("value_amount", self.value_amount, Number::amount),
            value_currency: faults.maybe("value_currency", self.value_currency, |text| currency(&text)),
            origin_country: faults.maybe("origin_country", self.origin_country, |text| Country::parse(&text)),
            metadata: faults.maybe("metadata", self.metadata, text::object).unwrap_or_default(),
        };
        faults.finish(Some(parts))
    }
}

/// Reads the parcels of a shipment.
pub(crate) fn parcels<R: CryptoRng + ?Sized>(drafts: Vec<ParcelDraft>, ids: &mut Ids<'_, R>) -> Result<Vec<Parcel>> {
    const MAX: usize = 100;
    if drafts.is_empty() {
        return Err(Invalid::new(REQUIRED));
    }
    if drafts.len() > MAX {
        return Err(Invalid::new(format!("must have 1 to {MAX} entries")));
    }
    let mut faults = Faults::default();
    let parcels = faults.each("", drafts, |draft| draft.parse(ids));
    faults.finish(Some(parcels))
}

/// Reads the commodities of a declaration.
pub(crate) fn commodities<R: CryptoRng + ?Sized>(drafts: Vec<CommodityDraft>, ids: &mut Ids<'_, R>) -> Result<Vec<Commodity>> {
    if drafts.is_empty() || drafts.len() > MAX_ITEMS {
        return Err(Invalid::new(format!("must have 1 to {MAX_ITEMS} entries")));
    }
    let mut faults = Faults::default();
    let parse = |draft: CommodityDraft| {
        Ok(Commodity { id: ids.make(CommodityId::new), object_type: ObjectType::Commodity, parts: draft.parse()? })
    };
    let commodities = faults.each("", drafts, parse);
    faults.finish(Some(commodities))
}
