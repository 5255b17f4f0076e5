//! What the programs that an operator starts have in common, `harness` and `fleet`: the flags of the network, files
//! that a person names, who may see a page, how many connections a server takes, and text that a terminal must not
//! obey.

pub mod bearer;
pub mod connections;
pub mod files;
pub mod gate;
pub mod network;
pub mod openness;
pub mod shell;
pub mod shown;
pub mod token;
pub mod values;
pub mod variables;
