use mgmt_core::{
    foreign::{ForeignDigest, ForeignFormat, ForeignHash, PresentedForeign},
    id::OrganizationId,
    key::ApiKey,
    secret::Pepper,
};

use super::bench::{Bench, assert_same_key, race, read, write};
use crate::{error::StoreError, store::Store};

fn pepper() -> Pepper {
    Pepper::new(1, &[9; 32])
}

fn hash_of(key: &ApiKey, digest: &ForeignDigest) -> ForeignHash {
    let origin = pepper().hash_origin(digest.as_bytes());
    ForeignHash { digest: digest.clone(), origin, key_id: key.id, is_adopted: false }
}

/// A key with the hash that another system would have of its id, and the text's digests.
fn imported(bench: &mut Bench, store: &dyn Store, organization: OrganizationId) -> (ApiKey, PresentedForeign) {
    let key = bench.key(store, organization);
    let presented = PresentedForeign::new(&key.id.to_string(), &pepper()).unwrap();
    let hash = hash_of(&key, &presented.digests()[1]);
    write(store, |tx| tx.foreign_hashes().insert(&hash));
    (key, presented)
}

/// A hash is found by any of its text's digests and by its origin, and by no other's; hashes and keys go together one to one.
pub fn foreign_hashes_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    assert!(read(store, |tx| tx.foreign_hashes().is_empty()));
    let organization = bench.organization(store).id;
    let (a, text) = imported(&mut bench, store, organization);
    let (b, other) = imported(&mut bench, store, organization);
    let unknown = PresentedForeign::new("unknown", &pepper()).unwrap();
    read(store, |tx| {
        assert!(!tx.foreign_hashes().is_empty()?);
        let found = tx.foreign_hashes().find(text.digests())?.unwrap();
        assert_eq!((found.key_id, found.is_adopted), (a.id, false));
        assert_eq!(&found.digest, &text.digests()[1]);
        assert_eq!(tx.foreign_hashes().find(other.digests())?.unwrap().key_id, b.id);
        assert!(tx.foreign_hashes().find(unknown.digests())?.is_none());
        assert!(tx.foreign_hashes().find(&[])?.is_none());
        assert_eq!(tx.foreign_hashes().find_origin(&found.origin)?.unwrap().key_id, a.id);
        assert!(tx.foreign_hashes().find_origin(&pepper().hash_origin(b"unknown"))?.is_none());
        Ok(())
    });
    let c = bench.key(store, organization);
    let long = ForeignFormat::Drf.read(&format!("sha512$${}", "ab".repeat(64))).unwrap();
    for wrong in [hash_of(&c, &text.digests()[1]), hash_of(&a, &long)] {
        let result = store.run("conformance.foreign", |tx| tx.foreign_hashes().insert(&wrong));
        assert!(matches!(result, Err(StoreError::Conflict("foreign_hash"))), "{result:?}");
    }
    write(store, |tx| tx.foreign_hashes().insert(&hash_of(&c, &long)));
    assert_eq!(read(store, |tx| tx.foreign_hashes().find(std::slice::from_ref(&long))).unwrap().key_id, c.id);
}

fn adopted(key: &ApiKey) -> ApiKey {
    ApiKey { hash: pepper().hash_text("the alias"), pepper_version: 7, ..key.clone() }
}

/// After the first use a hash is found by our digest and its origin; the other system's digest is gone; the key has the new hash
/// and is else as it was.
pub fn foreign_hashes_are_adopted_once(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let (key, text) = imported(&mut bench, store, organization);
    let (bystander, _) = imported(&mut bench, store, organization);
    let after = adopted(&key);
    assert!(write(store, |tx| tx.foreign_hashes().adopt(&after, text.adopted())));
    assert!(!write(store, |tx| tx.foreign_hashes().adopt(&after, text.adopted())));
    read(store, |tx| {
        let found = tx.foreign_hashes().find(&text.digests()[..1])?.unwrap();
        assert_eq!((found.key_id, found.is_adopted), (key.id, true));
        assert!(tx.foreign_hashes().find(&text.digests()[1..])?.is_none());
        assert_eq!(tx.foreign_hashes().find_origin(&found.origin)?.unwrap().key_id, key.id);
        assert_same_key(&tx.keys().find_any(key.id)?.unwrap(), &after);
        assert_same_key(&tx.keys().find_any(bystander.id)?.unwrap(), &bystander);
        Ok(())
    });
}

/// Of several who use a key first, one puts its hash in place.
pub fn foreign_hashes_are_adopted_once_under_concurrency(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let (key, text) = imported(&mut bench, store, organization);
    let after = adopted(&key);
    let results = race(8, |_| write(store, |tx| tx.foreign_hashes().adopt(&after, text.adopted())));
    assert_eq!(results.iter().filter(|done| **done).count(), 1, "{results:?}");
    assert_same_key(&read(store, |tx| tx.keys().find_any(key.id)).unwrap(), &after);
}
