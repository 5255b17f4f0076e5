//! `findComponents`: parts by number, words of the name, status, category and time of change, as a table.
//!
//! The service is known to search part numbers and to order by the last change. All else is compared here, over a
//! bounded number of pages.

mod columns;

#[cfg(test)]
mod tests;

use connector_sdk::graphql::{MAX_PAGE_SIZE, fetch_page, misshapen};
use connector_sdk::inputs::{Field, Literal};
use connector_sdk::json::{self, Problem};
use connector_sdk::time::{self, Millis};
use connector_sdk::{Action, Call, Error, Operation, inputs};

use super::reasons::{self, MAX_RESULT_BYTES};
use crate::inputs::{LIBRARY_TYPE, lower_case};
use crate::service::{client, query};
use columns::Column;
use find_components::{ComponentsOrderByInput, SearchFields, SortDirection, Variables};

query!(FindComponents, "src/actions/find_components/find_components.graphql");

inputs! {
    /// What is looked for, and what is given of it.
    pub(crate) struct Wanted {
        part_number: Option<String> = Field::optional_text("partNumber", "Part Number")
            .example(Literal::Text("410-00012"))
            .help("The whole part number, as Duro shows it; capitals do not count. Duro searches it, and what it finds \
                   is compared again."),
        name: Option<String> = Field::optional_text("name", "Words of the Name")
            .example(Literal::Text("screw M3"))
            .help("Words that the name holds, all of them, in any order; capitals do not count."),
        statuses: Vec<String> = Field::words("statuses", "Statuses")
            .example(Literal::Text("PRODUCTION, PROTOTYPE"))
            .help("One of these statuses, parted by commas, as Duro writes them; capitals do not count."),
        categories: Vec<String> = Field::words("categories", "Categories")
            .example(Literal::Text("Screw"))
            .help("One of these categories, parted by commas, as Duro writes them; capitals do not count."),
        changed_since: Option<Millis> = Field::time("changedSince", "Changed Since")
            .example(Literal::Text("2026-11-01T00:00:00Z"))
            .help("Only what was changed at this time or later."),
        library_type: LibraryType = LIBRARY_TYPE,
        fields: Vec<String> = Field::words("fields", "Fields")
            .example(Literal::Text("partNumber, revision, status, manufacturerPartNumbers"))
            .help(
                "The columns, parted by commas: partNumber, name, revision, status, category, lastModified, id, \
                 family, created, eid, description, manufacturerPartNumbers. The first seven when left blank.",
            ),
        first: u32 = Field::whole_number("first", "First N Items", 1, 10_000, 100)
            .example(Literal::Number(100))
            .help("How many components are given at most, from 1 to 10,000; 100 when left blank."),
        max_pages: u32 = Field::whole_number("maxPages", "Pages at Most", 1, 150, 50)
            .example(Literal::Number(50))
            .help("How many pages of a hundred components are looked through at most, from 1 to 150. The result says \
                   when it stopped there."),
    }
}

/// A search.
#[derive(Debug)]
struct Search<'a> {
    wanted: &'a Wanted,
    number: Option<String>,
    words: Vec<String>,
    statuses: Vec<String>,
    categories: Vec<String>,
    columns: Vec<&'static Column>,
}

/// What was found.
#[derive(Debug, Default)]
struct Found {
    rows: String,
    count: u32,
    looked_at: usize,
    /// Whether the search ended before the list did.
    stopped: bool,
    reasons: Vec<String>,
}

impl Action for FindComponents {
    const OPERATION: Operation = Operation {
        key: "findComponents",
        label: "Find Components",
        description: "Finds components by part number, words of the name, status, category and time of change, and \
                      gives the fields you choose, as a table.",
        result_schema: include_str!("result.schema.json"),
        example: include_str!("example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let columns = columns::of(&wanted.fields).map_err(|name| {
            let known: Vec<&str> = columns::ALL.iter().map(|column| column.name).collect();
            Error::invalid_input("fields", format!("there is no field {name:?}; there are {}", known.join(", ")))
        })?;
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(lower_case);
        let words = given(&wanted.name).map(|name| name.split_whitespace().map(str::to_owned).collect());
        let number = given(&wanted.part_number);
        let lower_cases = |words: &[String]| words.iter().map(|word| lower_case(word)).collect();
        let search = Search {
            wanted: &wanted,
            number,
            words: words.unwrap_or_default(),
            statuses: lower_cases(&wanted.statuses),
            categories: lower_cases(&wanted.categories),
            columns,
        };
        let found = match (search.run(call, true), &search.number) {
            // One client shows that numbers can be searched. Where they cannot, the list is looked through.
            (Err(Error::Service(_)), Some(_)) => {
                let mut found = search.run(call, false)?;
                found.reasons.push("Duro did not search the part number, so its list was looked through".to_owned());
                found
            }
            (found, _) => found?,
        };
        Ok(found.into_json())
    }
}

impl Search<'_> {
    fn run(&self, call: &Call<'_>, by_service: bool) -> Result<Found, Error> {
        let client = client(call);
        let searched = self.number.as_ref().filter(|_| by_service);
        let asks_for = |name: &str| self.columns.iter().any(|column| column.name == name);
        let mut found = Found::default();
        let mut after: Option<String> = None;
        for _ in 0..self.wanted.max_pages {
            let newest_first = ComponentsOrderByInput {
                last_modified: Some(SortDirection::Desc),
                created: None,
                name: None,
                cpn: None,
            };
            let number = searched.map(|_| self.wanted.part_number.as_deref().unwrap_or_default().trim().to_owned());
            let variables = Variables {
                library_type: Some(self.wanted.library_type),
                // Both at once were never seen.
                order_by: if searched.is_none() { Some(vec![Some(newest_first)]) } else { None },
                search: number.map(|number| SearchFields {
                    cpn: Some(number),
                    name: None,
                    status: None,
                    eid: None,
                    category: None,
                }),
                first: Some(i64::from(MAX_PAGE_SIZE)),
                after: after.clone(),
                with_description: asks_for("description"),
                with_manufacturers: asks_for("manufacturerPartNumbers"),
            };
            let path = ["components", "connection"];
            let page = fetch_page::<FindComponents>(&client, &path, after.as_deref(), variables)?;
            after = page.next;
            let length = page.edges.len();
            for (index, node) in
                page.edges.into_iter().enumerate().filter_map(|(index, edge)| Some((index, edge.node?)))
            {
                found.looked_at += 1;
                match self.judge(&node).map_err(misshapen)? {
                    Verdict::Other => {}
                    // The list goes from the last change down.
                    Verdict::TooOld if searched.is_none() => return Ok(found),
                    Verdict::TooOld => {}
                    Verdict::Wanted => {
                        found.add(&node, &self.columns).map_err(misshapen)?;
                        let is_full = found.rows.len() >= MAX_RESULT_BYTES;
                        if is_full || found.count >= self.wanted.first {
                            if after.is_some() || index + 1 < length {
                                let bound = if is_full { "fit into one result" } else { "first asks for" };
                                let text = format!(
                                    "{} components are given, as many as {bound}: there may be more",
                                    found.count
                                );
                                found.stop(text);
                            }
                            return Ok(found);
                        }
                    }
                }
            }
            if after.is_none() {
                return Ok(found);
            }
        }
        let text = format!(
            "{} components were looked at, as many as maxPages allows: raise it, or narrow the search",
            found.looked_at
        );
        found.stop(text);
        Ok(found)
    }

    fn judge(&self, node: &str) -> Result<Verdict, Problem> {
        if let Some(since) = self.wanted.changed_since {
            match json::text_member(node, "lastModified")?.and_then(|text| time::parse(&text)) {
                Some(modified) if modified >= since => {}
                Some(_) => return Ok(Verdict::TooOld),
                None => return Ok(Verdict::Other),
            }
        }
        let is_one_of = |words: &[String], member: &str| -> Result<bool, Problem> {
            let text = json::text_member(node, member)?.unwrap_or_default();
            Ok(words.is_empty() || words.contains(&lower_case(text.trim())))
        };
        let name = lower_case(&json::text_member(node, "name")?.unwrap_or_default());
        let number = columns::part_number(node)?.map(|number| lower_case(number.trim()));
        let is_wanted = self.words.iter().all(|word| name.contains(word))
            && self.number.as_ref().is_none_or(|wanted| number.as_ref() == Some(wanted))
            && is_one_of(&self.statuses, "status")?
            && is_one_of(&self.categories, "category")?;
        Ok(if is_wanted { Verdict::Wanted } else { Verdict::Other })
    }
}

enum Verdict {
    Wanted,
    Other,
    TooOld,
}

impl Found {
    fn add(&mut self, node: &str, columns: &[&Column]) -> Result<(), Problem> {
        if self.count > 0 {
            self.rows.push(',');
        }
        self.count += 1;
        columns::push_row(&mut self.rows, node, columns)
    }

    fn stop(&mut self, why: String) {
        self.stopped = true;
        self.reasons.push(why);
    }

    fn into_json(self) -> String {
        let mut json = format!("{{\"found\":{},\"lookedAt\":{},", self.count, self.looked_at);
        reasons::push(&mut json, self.stopped, &self.reasons);
        json.push_str(",\"rows\":[");
        json.push_str(&self.rows);
        json.push_str("]}");
        json
    }
}
