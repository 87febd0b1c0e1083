//! Facts about the installation.

use diesel::prelude::*;

use super::{schema::settings as table, tx::SqlTx};
use crate::{error::Result, store::Settings};

impl Settings for SqlTx<'_> {
    fn find(&mut self, name: &str) -> Result<Option<String>> {
        self.query(|c| table::table.find(name).select(table::value).get_result(c).optional())
    }

    fn insert(&mut self, name: &str, value: &str) -> Result<bool> {
        if Settings::find(self, name)?.is_some() {
            return Ok(false);
        }
        let row = (table::name.eq(name), table::value.eq(value));
        self.insert_missing(|c| diesel::insert_into(table::table).values(row).execute(c))?;
        Ok(true)
    }
}
