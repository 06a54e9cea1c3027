//! The HTTP server over a [`jpauto::Dealership`]: warp filters on an accept loop of its own. It has no business rule.
//!
//! [`serve_blocking`] runs a server until the process gets a signal to end. [`Server`] is for programs with their own runtime.
//! `routes.rs` has the table of all operations; each noun has a file with its rows and handlers. `middleware.rs` handles what all
//! requests have in common, `gate.rs` keeps the synchronous library off the async threads, and `problem.rs` turns errors into
//! problem documents. TLS is left to a proxy, and the command line reads the configuration.

mod activity;
mod admission;
mod alerts;
mod answer;
mod app;
mod auth;
mod background;
mod batches;
mod body;
mod caller;
mod client_connections;
mod competitors;
mod cross_origin;
mod docs;
mod early_answers;
mod encoding;
mod exports;
mod fair_queue;
mod forgery;
mod gate;
mod half_closed;
mod health;
mod imports;
mod inventory;
mod jobs;
mod known_sessions;
mod limits;
mod market;
mod metrics;
mod middleware;
mod notifications;
mod open_connections;
mod openapi;
mod operation;
mod origin;
mod pace;
mod page;
mod problem;
mod query;
mod read_limits;
mod repeated;
mod request;
mod routes;
mod samples;
mod server;
mod session_cookie;
mod sightings;
mod sign_in;
mod storage;
mod submissions;
mod tokens;
mod unread;
mod users;
mod vin;

pub use background::RunLimits;
pub use body::BodyLimits;
pub use gate::GateLimits;
pub use ipnet::IpNet;
pub use limits::ConfigFaults;
pub use middleware::ACCESS_LOG;
pub use origin::{InvalidOrigin, Origin};
pub use read_limits::ReadLimits;
pub use server::{ConnectionLimits, Server, ServerConfig, Shutdown, StartError, serve_blocking};
