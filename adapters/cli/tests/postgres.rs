//! A schema of its own in a throw-away server, where there is one.

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};

/// Goes away when dropped.
pub(crate) struct Schema {
    pub(crate) url: String,
    name: String,
    server: String,
}

impl Schema {
    /// `None` where `JPAUTO_TEST_POSTGRES` names no server.
    pub(crate) fn create() -> Option<Self> {
        let server = std::env::var("JPAUTO_TEST_POSTGRES").ok()?;
        let name = format!("command_{}_{}", std::process::id(), fastrand::u32(..));
        let mut conn = PgConnection::establish(&server).unwrap();
        conn.batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
        Some(Self { url: format!("{server}?options=--search_path%3D{name}"), name, server })
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // Only a throw-away server is littered if this fails.
        if let Ok(mut conn) = PgConnection::establish(&self.server) {
            drop(conn.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.name)));
        }
    }
}
