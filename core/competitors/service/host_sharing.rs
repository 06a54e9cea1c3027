//! Hosts that many dealers share, such as the endpoint of a vendor: one process at a time asks them.
//!
//! A host is leased for as long as a scrape reads a list from it. Several scrapes of one run may share the lease; the fetcher
//! then lets one request through at a time. A scrape whose lease was lost meanwhile is stopped, at the latest when it gives
//! the host back.

use std::{
    sync::{Arc, PoisonError},
    time::Instant,
};

use super::claims::{self, Claims, RETRY_PAUSE};
use crate::{
    actor::Permission,
    competitors::repository,
    db::DbConnection,
    desk::Acting,
    error::Result,
    ids::CompetitorId,
    leases::{self, Taken},
    scrape::{
        fetch::Stop,
        walk::{SharedHosts, SharedTurn, WalkEnd},
    },
};

/// The beginning of the name of a shared host's lease; the host follows.
const LEASE: &str = "scrape-host:";

/// The lease of a host. The name of a lease is bounded; a longer host is named by its end, and two hosts of the same long end
/// then wait for each other, which does no harm.
pub(super) fn lease_of_host(host: &str) -> String {
    const LONGEST: usize = 80;
    let end = host.len().checked_sub(LONGEST).and_then(|start| host.get(start..));
    format!("{LEASE}{}", end.unwrap_or(host))
}

/// The shared hosts, as one scrape asks for them.
pub(super) struct HostsOfScrape<'a> {
    pub(super) claims: &'a Claims<'a>,
    pub(super) competitor: CompetitorId,
    pub(super) stop: &'a Arc<Stop>,
}

impl SharedHosts for HostsOfScrape<'_> {
    /// Gives up after a while: a scrape holds what others wait for, and two that wait for each other must both go on. The next
    /// run then scrapes the competitor.
    fn take(&self, host: &str) -> Result<SharedTurn<'_>, WalkEnd> {
        let end = Instant::now() + self.claims.rules().shared_host_wait;
        loop {
            match self.claims.take_host(host, self.competitor, self.stop) {
                Ok(true) => {
                    let (claims, competitor, stop, host) = (self.claims, self.competitor, self.stop, host.to_owned());
                    return Ok(SharedTurn::until(move || claims.give_back_host(&host, competitor, stop)));
                }
                Ok(false) if Instant::now() < end => self.stop.sleep(RETRY_PAUSE),
                Ok(false) => return Err(WalkEnd::Busy),
                Err(reason) => {
                    tracing::warn!(%host, %reason, "the lease of a shared host could not be asked for");
                    return Err(WalkEnd::Busy);
                }
            }
            if self.stop.is_asked() {
                return Err(WalkEnd::Stopped);
            }
        }
    }
}

impl Claims<'_> {
    /// Leases a host, unless another process has it or scrapes a competitor there.
    fn take_host(&self, host: &str, scrape: CompetitorId, stop: &Arc<Stop>) -> Result<bool> {
        let _hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let name = lease_of_host(host);
        let (taken, until) = {
            let _permit = self.database.acquire();
            self.desk.write(Permission::ManageCompetitors, |conn, acting| {
                repository::lock_claims(conn)?;
                let until = self.lease_end(acting.now);
                if claims::host_is_in_use(conn, host, Some(&self.holder), acting.now)? {
                    return Ok((Taken::No, until));
                }
                Ok((leases::take(conn, &name, &self.holder, acting.now, until)?, until))
            })?
        };
        if taken != Taken::No {
            self.held().add(name, taken, until, (scrape, stop));
        }
        Ok(taken != Taken::No)
    }

    /// Gives a host back for one scrape, and its lease with the last one. Where that fails, the lease ends by itself.
    fn give_back_host(&self, host: &str, scrape: CompetitorId, stop: &Stop) {
        let _hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let name = lease_of_host(host);
        let is_last = self.held().remove(&name, scrape);
        let give_back = |conn: &mut DbConnection, acting: Acting<'_>| match is_last {
            true => leases::release(conn, &name, &self.holder, acting.now),
            false => leases::held_by(conn, &name, &self.holder, acting.now),
        };
        match self.retry_while_busy(stop, || self.desk.write(Permission::ManageCompetitors, give_back)) {
            Ok(true) => {}
            // Another process may have asked the host meanwhile.
            Ok(false) => self.held().lose_scrape(scrape, stop),
            Err(reason) => tracing::warn!(%host, %reason, "the lease of a shared host could not be given back"),
        }
    }
}
