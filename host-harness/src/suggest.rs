//! The known word that a misspelt one most resembles. Pure.

/// Longer words were not misspelt.
const LONGEST: usize = 100;

/// The nearest of these words, if it is near: a third of its characters may differ, and neither capitals nor dashes
/// count.
pub(crate) fn nearest<'a>(misspelt: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if misspelt.len() > LONGEST {
        return None;
    }
    let plain = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let misspelt = plain(misspelt);
    let near = known.into_iter().filter(|word| word.len() <= LONGEST);
    let distances = near.map(|word| (strsim::osa_distance(&misspelt, &plain(word)), word));
    let (distance, nearest) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= nearest.chars().count()).then_some(nearest)
}

/// The question whether that one was meant, as the end of a message; nothing where none is near.
pub(crate) fn did_you_mean<'a>(misspelt: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(misspelt, known).map_or_else(String::new, |meant| format!("; did you mean {meant}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_met_with_the_nearest_and_another_with_none() {
        let known = ["listComponents", "listProducts", "getCurrentUser"];
        for (misspelt, meant) in [
            ("listComponent", Some("listComponents")),
            ("list-products", Some("listProducts")),
            ("getCurentUsr", Some("getCurrentUser")),
            ("fly", None),
            ("", None),
        ] {
            assert_eq!(nearest(misspelt, known), meant, "{misspelt}");
        }
        assert_eq!(nearest(&"l".repeat(LONGEST + 1), known), None);
        assert_eq!(did_you_mean("listProduct", known), "; did you mean listProducts?");
    }
}
