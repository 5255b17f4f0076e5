//! A connector for Duro PLM.

pub mod error;
pub mod host;
