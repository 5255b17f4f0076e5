//! Spans and metrics of a host, for collectors.
