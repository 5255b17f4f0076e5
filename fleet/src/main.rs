//! Many triggers of many tenants, on a durable engine or a database.
fn main() {}
