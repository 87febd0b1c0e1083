//! How a sheet begins and changes.

use rand_core::CryptoRng;
use serde_json::{Value, json};

use super::{GENERIC, RateSheet, RateSheetDraft, ServiceRateParts};
use crate::{
    fault::{Invalid, Result},
    id::ServiceId,
    text::{Object, merge_patch},
    time::Moment,
};

impl RateSheet {
    /// The sheet that every organization starts with: one service, one zone that is everywhere, free of charge.
    ///
    /// # Errors
    /// None: what is written here holds.
    pub fn starter(now: Moment, rng: &mut (impl CryptoRng + ?Sized)) -> Result<Self> {
        let starter = json!({
            "name": "Generic", "slug": GENERIC, "carrier_name": GENERIC,
            "zones": [{ "id": "zone_1", "label": "Everywhere" }],
            "services": [{
                "service_name": "Standard Service", "service_code": "standard_service", "currency": "USD", "transit_days": 1,
                "zone_ids": ["zone_1"]
            }],
            "service_rates": [{ "service_code": "standard_service", "zone_id": "zone_1", "rate": 0 }]
        });
        let draft: RateSheetDraft = serde_json::from_value(starter).map_err(|e| Invalid::new(e.to_string()))?;
        draft.parse(now, rng)
    }

    /// The request that this sheet answers to, with a merge patch (RFC 7396) applied.
    #[must_use]
    pub fn patched(&self, patch: Object) -> Object {
        let mut request = self.request();
        merge_patch(&mut request, patch);
        request
    }

    /// The sheet after a patch, judged as [`RateSheetDraft::parse`] judges.
    ///
    /// # Errors
    /// Every field at fault.
    pub fn changed(&self, draft: RateSheetDraft, now: Moment, rng: &mut (impl CryptoRng + ?Sized)) -> Result<Self> {
        let parts = draft.judge(|rng| ServiceId::new(now, rng).to_string(), rng)?;
        let updated_at = if parts == self.parts { self.updated_at } else { now };
        Ok(Self { parts, updated_at, ..self.clone() })
    }

    fn request(&self) -> Object {
        let mut value = serde_json::to_value(&self.parts).unwrap_or_default();
        let rows: Vec<&ServiceRateParts> = self.parts.service_rates.iter().map(|row| &row.parts).collect();
        let services = self.parts.services.iter().map(|service| {
            let mut value = serde_json::to_value(&service.parts).unwrap_or_default();
            if let Value::Object(object) = &mut value {
                object.insert("id".to_owned(), Value::from(service.id.clone()));
            }
            value
        });
        let services: Vec<Value> = services.collect();
        if let Value::Object(object) = &mut value {
            object.insert("services".to_owned(), Value::from(services));
            object.insert("service_rates".to_owned(), serde_json::to_value(rows).unwrap_or_default());
        }
        match value {
            Value::Object(object) => object,
            _ => Object::new(),
        }
    }
}
