//! Keys of other systems.

use diesel::prelude::*;
use mgmt_core::{
    foreign::{ForeignDigest, ForeignHash},
    key::ApiKey,
    secret::SecretHash,
};

use super::{
    schema::{foreign_hashes as table, keys},
    tx::{RowRef, SqlTx},
};
use crate::{error::Result, store::ForeignHashes};

type Row = (Vec<u8>, Vec<u8>, String, bool);

fn read((digest, origin, key_id, is_adopted): Row) -> Result<ForeignHash> {
    let at = RowRef { table: "foreign_hashes", id: &key_id };
    Ok(ForeignHash {
        digest: at.some(ForeignDigest::from_bytes(digest))?,
        origin: at.some(SecretHash::from_bytes(&origin))?,
        key_id: at.ok(key_id.parse())?,
        is_adopted,
    })
}

impl ForeignHashes for SqlTx<'_> {
    fn insert(&mut self, hash: &ForeignHash) -> Result<()> {
        let row = (
            table::digest.eq(hash.digest.as_bytes()),
            table::origin.eq(hash.origin.to_bytes()),
            table::key_id.eq(hash.key_id.to_string()),
            table::is_adopted.eq(hash.is_adopted),
        );
        self.query(|c| diesel::insert_into(table::table).values(row).execute(c))?;
        Ok(())
    }

    fn find(&mut self, digests: &[ForeignDigest]) -> Result<Option<ForeignHash>> {
        let digests: Vec<&[u8]> = digests.iter().map(ForeignDigest::as_bytes).collect();
        let query = table::table.filter(table::digest.eq_any(digests));
        self.query(|c| query.first::<Row>(c).optional())?.map(read).transpose()
    }

    fn find_origin(&mut self, origin: &SecretHash) -> Result<Option<ForeignHash>> {
        let query = table::table.filter(table::origin.eq(origin.to_bytes()));
        self.query(|c| query.first::<Row>(c).optional())?.map(read).transpose()
    }

    fn is_empty(&mut self) -> Result<bool> {
        Ok(self.query(|c| table::table.select(table::key_id).first::<String>(c).optional())?.is_none())
    }

    fn adopt(&mut self, key: &ApiKey, digest: &ForeignDigest) -> Result<bool> {
        let id = key.id.to_string();
        let waiting = table::table.filter(table::key_id.eq(&id).and(table::is_adopted.eq(false)));
        let ours = (table::digest.eq(digest.as_bytes()), table::is_adopted.eq(true));
        if self.query(|c| diesel::update(waiting).set(ours).execute(c))? == 0 {
            return Ok(false);
        }
        let hash = (keys::hash.eq(key.hash.to_bytes()), keys::pepper_version.eq(key.pepper_version));
        self.update_seen(|c| diesel::update(keys::table.find(&id)).set(hash).execute(c))?;
        Ok(true)
    }
}
