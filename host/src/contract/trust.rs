//! What of a manifest decides about secrets: which fields are secret, and where requests with them may go. Whoever has
//! looked a manifest over wants to know when a new version of the component decides otherwise. Pure.

use sha2::{Digest, Sha256};

use super::definition::{ConnectionDefinition, ConnectionField, ConnectorDefinition};
use super::validate::short;

impl ConnectorDefinition {
    /// The SHA-256 of the manifest as JSON, in hex: the same for the same manifest, and for no other. To be kept by
    /// whoever has approved a manifest, and compared when the component is loaded again.
    pub fn fingerprint(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(&json).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Everything by which `after` treats secrets otherwise than `before`: a sentence each, which names the connection, the
/// field and both sides. Empty where secrets are the same and go to the same places.
pub fn trust_changes(before: &ConnectorDefinition, after: &ConnectorDefinition) -> Vec<String> {
    let mut changes = Vec::new();
    if before.key != after.key {
        changes.push(format!("it is another connector: {} was {}", short(&after.key), short(&before.key)));
    }
    for old in &before.connections {
        match after.connection(&old.key) {
            Some(new) => connection(&mut changes, old, new),
            None => changes.push(format!("the connection {} is gone", short(&old.key))),
        }
    }
    for new in after.connections.iter().filter(|new| before.connection(&new.key).is_none()) {
        changes.push(format!("the connection {} is new", short(&new.key)));
        let nothing = ConnectionDefinition { fields: Vec::new(), ..new.clone() };
        connection(&mut changes, &nothing, new);
    }
    changes
}

fn connection(changes: &mut Vec<String>, old: &ConnectionDefinition, new: &ConnectionDefinition) {
    let find = |definition: &'_ ConnectionDefinition, key: &str| {
        definition.fields.iter().find(|field| field.input.key == key).cloned()
    };
    for field in &old.fields {
        if find(new, &field.input.key).is_none() {
            changes.push(format!("{}: it is gone ({})", place(old, field), role(field)));
        }
    }
    for field in &new.fields {
        let place = place(new, field);
        match find(old, &field.input.key) {
            None => changes.push(format!("{place}: it is new ({})", role(field))),
            Some(before) if is_treated_alike(&before, field) => {}
            Some(before) => changes.push(format!("{place}: it is {}, and was {}", role(field), role(&before))),
        }
    }
}

fn place(connection: &ConnectionDefinition, field: &ConnectionField) -> String {
    format!("connection {}, field {}", short(&connection.key), short(&field.input.key))
}

fn is_treated_alike(before: &ConnectionField, after: &ConnectionField) -> bool {
    // A default matters where it can decide about an endpoint.
    let default = |field: &ConnectionField| field.endpoint.as_ref().and(field.input.default.clone());
    before.secret == after.secret && before.endpoint == after.endpoint && default(before) == default(after)
}

/// What a field means for secrets, in words.
fn role(field: &ConnectionField) -> String {
    let mut parts = vec![if field.secret { "a secret" } else { "given to the component" }.to_owned()];
    if let Some(endpoint) = &field.endpoint {
        parts.push(format!("decides where requests go with precedence {}", endpoint.precedence));
        let environment =
            |environment: &super::Environment| format!("{} is {}", short(&environment.value), short(&environment.url));
        parts.extend(endpoint.environments.iter().map(environment));
        if let Some(default) = &field.input.default {
            parts.push(format!("by default {}", short(&default.to_string())));
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::definition;

    #[test]
    fn a_manifest_that_treats_secrets_alike_has_no_change_although_its_fingerprint_differs() {
        let mut after = definition();
        assert_eq!(after.fingerprint(), definition().fingerprint());
        after.version = "1.0.1".into();
        after.connections[0].fields[0].input.help = "Another help".into();
        assert_ne!(after.fingerprint(), definition().fingerprint());
        assert_eq!(trust_changes(&definition(), &after), Vec::<String>::new());
    }

    #[test]
    fn every_change_of_where_secrets_go_is_named_with_both_sides() {
        let mut after = definition();
        let fields = &mut after.connections[0].fields;
        fields[0].secret = false;
        let endpoint = fields[1].endpoint.as_mut().unwrap();
        endpoint.environments[0].url = "https://collector.example/".into();
        fields[2].endpoint.as_mut().unwrap().precedence = 0;
        fields[2].input.default = Some(json!("https://collector.example/"));
        let mut hidden = fields[2].clone();
        hidden.input.key = "region".into();
        fields.push(hidden);
        let mut other = after.connections[0].clone();
        other.key = "other".into();
        after.connections.push(other);
        let changes = trust_changes(&definition(), &after).join("\n");
        for expected in [
            "field apiKey: it is given to the component, and was a secret",
            "Main is https://collector.example/",
            "Main is https://main.example/graphql",
            "field customUrl: it is given to the component, decides where requests go with precedence 0, by default",
            "field region: it is new",
            "the connection other is new",
        ] {
            assert!(changes.contains(expected), "{expected} is not in\n{changes}");
        }
        let back = trust_changes(&after, &definition()).join("\n");
        assert!(back.contains("the connection other is gone") && back.contains("field region: it is gone"), "{back}");
    }
}
