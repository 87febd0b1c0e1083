//! Fixed words of the wire format.

/// Declares an enum whose variants are words of the wire format.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every word.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads a word.
            #[must_use]
            pub fn from_word(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }

        // Not derived: the derivation does not see what a macro names.
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String);
                text.enum_values(Some(Self::ALL.iter().map(|word| word.as_str()))).into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

words! {
    /// What an object is, in `object_type`.
    ObjectType {
        /// An address.
        Address = "address",
        /// A commodity of a customs declaration.
        Commodity = "commodity",
        /// An item in a parcel.
        Item = "item",
        /// A parcel.
        Parcel = "parcel",
        /// A rate.
        Rate = "rate",
        /// A rate sheet.
        RateSheet = "rate_sheet",
        /// A service of a rate sheet.
        ServiceLevel = "service_level",
        /// A shipment.
        Shipment = "shipment",
        /// A tracker.
        Tracker = "tracker",
    }
}
