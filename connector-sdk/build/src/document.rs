//! What the comment at the head of a query says.

/// The comment at the head of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// What the result is, for people.
    pub description: String,
    /// The way from the answer's data to the result; empty for the whole data.
    pub result: Vec<Step>,
}

/// One step on the way to the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The field.
    pub field: String,
    /// Whether it is a list, of which each item is meant.
    pub each: bool,
}

/// Reads the comment at the head of a query.
pub fn head(query: &str) -> Head {
    let mut head = Head::default();
    let lines = query.lines().map(str::trim).skip_while(|line| line.is_empty());
    for line in lines.map_while(|line| line.strip_prefix('#')).map(str::trim) {
        let way = line.split_once(':').filter(|(word, _)| word.eq_ignore_ascii_case("result"));
        if let Some((_, way)) = way {
            head.result = way.trim().split('.').map(step).collect();
        } else if head.result.is_empty() && !line.is_empty() {
            let blank = if head.description.is_empty() { "" } else { " " };
            head.description.push_str(blank);
            head.description.push_str(line);
        }
    }
    head
}

fn step(text: &str) -> Step {
    let field = text.strip_suffix("[]");
    Step { field: field.unwrap_or(text).to_owned(), each: field.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_what_the_result_is_and_where() {
        let query =
            "# The users,\n# all of them.\n# Result: company.users[].name\n#\n# Why it is so.\n\nquery { x } # no";
        let found = head(query);
        assert_eq!(found.description, "The users, all of them.");
        let steps: Vec<_> = found.result.iter().map(|step| (step.field.as_str(), step.each)).collect();
        assert_eq!(steps, [("company", false), ("users", true), ("name", false)]);
        assert_eq!(head("query { x }"), Head::default());
        assert_eq!(head("\n# result : no\n#result: a\nquery { x }").result.len(), 1);
    }
}
