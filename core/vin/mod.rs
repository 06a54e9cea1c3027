//! The VIN as a value.
/// Placeholder.
#[derive(Debug)]
pub struct Vin;
