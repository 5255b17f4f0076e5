//! A simulated Duro service.
