//! Which grants an address needs that were not given: all of them at once, where the host names the first.

use host::egress::{EgressPolicy, Grant};
use host::{Grants, Origin};

/// The grants that an origin needs, as far as its address alone tells.
pub(crate) fn known(origin: &Origin, mut grants: Grants) -> Vec<Grant> {
    let mut missing = Vec::new();
    // One grant after the other is supposed, until nothing is refused or nothing would help.
    while let Err(refusal) = EgressPolicy::new(Ok(origin.clone()), grants).check_url(&origin.to_string()) {
        match refusal.grant {
            Some(grant) if !missing.contains(&grant) => {
                missing.push(grant);
                match grant {
                    Grant::AllowHttp => grants.allow_http = true,
                    Grant::AllowPrivateNetwork => grants.allow_private_network = true,
                    _ => break,
                }
            }
            _ => break,
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_an_address_needs_is_known_at_once() {
        let origin = |text: &str| Origin::parse(text).unwrap();
        let both = [Grant::AllowHttp, Grant::AllowPrivateNetwork];
        assert_eq!(known(&origin("http://127.0.0.1:4400"), Grants::default()), both);
        assert_eq!(known(&origin("https://10.0.0.1"), Grants::default()), [Grant::AllowPrivateNetwork]);
        assert_eq!(known(&origin("https://plm.example"), Grants::default()), []);
        let grants = Grants { allow_http: true, ..Grants::default() };
        assert_eq!(known(&origin("http://127.0.0.1"), grants), [Grant::AllowPrivateNetwork]);
    }
}
