//! The HTTP face of a [`jpauto::Dealership`]: warp filters on an accept loop of our own, and no rule at all.
//!
//! [`serve_blocking`] runs a server until the process is told to end; [`Server`] is for programs with a runtime of their own.
//! One file a noun reads requests and writes answers; `middleware.rs` does what is done to all of them; `gate.rs` keeps the
//! synchronous library off the async threads; `problem.rs` turns every error into a problem document. What is deliberately
//! not here: TLS, which a proxy in front ends, and reading configuration, which the command line does.

mod app;
mod caller;
mod gate;
mod health;
mod inventory;
mod middleware;
mod problem;
mod request;
mod routes;
mod server;
mod submissions;

pub use gate::GateLimits;
pub use ipnet::IpNet;
pub use request::BodyLimits;
pub use server::{ConnectionLimits, Server, ServerConfig, Shutdown, StartError, serve_blocking};
