//! Whether the settings of a server can work: limits that let something through, and that fit one another and the database's.
//!
//! What is probably not meant and works all the same is not looked at here.

use std::fmt;

use jpauto::{DatabaseConfig, FieldError};

use crate::server::{ServerConfig, StartError};

/// What is wrong with the settings of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults(Vec<FieldError>);

impl ConfigFaults {
    /// Each setting that is wrong, such as `/server/gate/workers`, and what was expected of it.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0
    }
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, FieldError { pointer, message }) in self.0.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(f, "{separator}{}: {message}", pointer.trim_start_matches('/').replace('/', "."))?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFaults {}

impl ServerConfig {
    /// Looks whether a server can work so, on a dealership with this database. [`Server::bind`](crate::Server::bind) does, too.
    ///
    /// ```
    /// let mut config = jpauto_http::ServerConfig::new(([127, 0, 0, 1], 8080).into());
    /// config.gate.workers = 0;
    /// let refused = config.check(&jpauto::DatabaseConfig::new("sqlite:lot.db")).unwrap_err();
    /// assert_eq!(refused.fields()[0].pointer, "/server/gate/workers");
    /// ```
    ///
    /// # Errors
    /// Every setting that is wrong.
    pub fn check(&self, database: &DatabaseConfig) -> Result<(), ConfigFaults> {
        let mut faults = self.limits_of_nothing();
        if self.address.port() != 0 && self.metrics_address == Some(self.address) {
            faults.push(fault("metrics_address", "this is the address of the server itself"));
        }
        if self.connections.longest_header < LEAST_HEADER {
            faults.push(fault("connections/longest_header", "expected at least 8 KiB"));
        }
        let (deadline, statement) = (self.gate.deadline, database.statement_timeout);
        if database.url.starts_with("postgres") && !deadline.is_zero() {
            if statement.is_zero() {
                faults.push(FieldError {
                    pointer: "/database/statement_timeout".to_owned(),
                    message: "without an end a statement keeps its worker for ever".to_owned(),
                });
            } else if deadline <= statement {
                let message = format!(
                    "expected more than database.statement_timeout, which is {} s: work would go on that nobody waits for",
                    statement.as_secs_f64()
                );
                faults.push(fault("gate/deadline", &message));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(ConfigFaults(faults)) }
    }

    fn limits_of_nothing(&self) -> Vec<FieldError> {
        let Self { gate, body, connections, runs, reads, .. } = self;
        let limits = [
            ("gate/deadline", gate.deadline.is_zero()),
            ("gate/workers", gate.workers == 0),
            ("gate/long", gate.long == 0),
            ("gate/write_patience", gate.write_patience == 0),
            ("connections/most", connections.most == 0),
            ("connections/most_of_one_client", connections.most_of_one_client == 0),
            ("connections/header_read_timeout", connections.header_read_timeout.is_zero()),
            ("connections/http2_streams", connections.http2_streams == 0),
            ("connections/unread_timeout", connections.unread_timeout.is_zero()),
            ("connections/longest_life", connections.longest_life.is_zero()),
            ("body/largest", body.largest == 0),
            ("body/read_timeout", body.read_timeout.is_zero()),
            ("body/largest_file", body.largest_file == 0),
            ("body/file_timeout", body.file_timeout.is_zero()),
            ("runs/at_once", runs.at_once == 0),
            ("reads/window", reads.window.checked_div(reads.most).is_some_and(|one| one.is_zero())),
        ];
        let nothing = limits.into_iter().filter(|(_, is_nothing)| *is_nothing);
        nothing.map(|(name, _)| fault(name, "expected more than nothing")).collect()
    }
}

/// hyper needs as much for the head of a request.
const LEAST_HEADER: usize = 8 << 10;

fn fault(name: &str, message: &str) -> FieldError {
    FieldError { pointer: format!("/server/{name}"), message: message.to_owned() }
}

impl From<ConfigFaults> for StartError {
    fn from(faults: ConfigFaults) -> Self {
        Self::Config(faults)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn wrong(database: &str, change: impl FnOnce(&mut ServerConfig)) -> Vec<String> {
        let mut config = ServerConfig::new(([127, 0, 0, 1], 8080).into());
        change(&mut config);
        let refused = config.check(&DatabaseConfig::new(database)).err();
        refused.map_or(Vec::new(), |faults| faults.fields().iter().map(|fault| fault.pointer.clone()).collect())
    }

    #[test]
    fn every_limit_of_nothing_is_named_and_every_one_that_works_is_not() {
        assert_eq!(wrong("sqlite:lot.db", |_| {}), [""; 0]);
        assert_eq!(wrong("postgres://lot.example/lot", |_| {}), [""; 0]);
        let all = wrong("sqlite:lot.db", |config| {
            (config.gate.deadline, config.gate.workers, config.gate.long) = (Duration::ZERO, 0, 0);
            (config.gate.write_patience, config.gate.queue) = (0, 0);
            (config.connections.most, config.connections.most_of_one_client) = (0, 0);
            (config.connections.header_read_timeout, config.connections.longest_header) = (Duration::ZERO, 100);
            (config.connections.http2_streams, config.connections.unread_timeout) = (0, Duration::ZERO);
            (config.connections.longest_life, config.body.largest) = (Duration::ZERO, 0);
            (config.body.read_timeout, config.body.largest_file) = (Duration::ZERO, 0);
            (config.body.file_timeout, config.runs.at_once) = (Duration::ZERO, 0);
            (config.reads.most, config.reads.window) = (1, Duration::ZERO);
        });
        assert_eq!(all.len(), 17, "{all:?}");
        // None may wait, and each that finds a worker is answered.
        assert!(!all.contains(&"/server/gate/queue".to_owned()), "{all:?}");
        let twice = |config: &mut ServerConfig| config.metrics_address = Some(config.address);
        assert_eq!(wrong("sqlite:lot.db", twice), ["/server/metrics_address"]);
        let soon = |config: &mut ServerConfig| config.gate.deadline = Duration::from_secs(10);
        assert_eq!(wrong("postgres://lot.example/lot", soon), ["/server/gate/deadline"]);
        assert_eq!(wrong("sqlite:lot.db", soon), [""; 0]);
    }
}
