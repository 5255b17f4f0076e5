//! For a connector's build script: makes the JSON Schema of an operation's result from its GraphQL query and the
//! service's schema, so that nobody writes it and it cannot be another than the query's.
//!
//! ```no_run
//! connector_sdk_build::result_schemas("src/schema.graphql", "src");
//! ```
//!
//! Each `*.graphql` file below the folder, but for the service's schema, gives `schemas/NAME.json` in `OUT_DIR`, which
//! `connector_sdk::result_schema!("NAME")` names. What the result is, of all that the query selects, is said in the
//! comment at the head of the file:
//!
//! ```graphql
//! # The company of the API key's owner, with its users.
//! # Result: userById.primaryCompany
//! ```
//!
//! The first lines are the schema's description. `Result:` is the way from the answer's data to the result, which must
//! be there; without it the result is the whole data. A name with `[]` behind it is a list: what follows is taken of
//! each item, and the result is a list of these. What the service's schema says of a field between `"""` is the
//! description of its value.

mod document;
mod schema;

use std::fs;
use std::path::{Path, PathBuf};

pub use document::{Head, head};
pub use schema::{changes, record, result_schema};

/// Why a schema could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// A file is not GraphQL, or uses what is not understood here.
    #[error("{0}: {1}")]
    GraphQl(PathBuf, String),
}

/// Makes the schemas of all queries below a folder, as [the page of this crate](crate) says. Ends the build with a
/// message if that fails.
pub fn result_schemas(service: impl AsRef<Path>, folder: impl AsRef<Path>) {
    end_on_problem(Queries::read(service.as_ref(), folder.as_ref()).and_then(|queries| queries.write_all()));
}

/// Makes `schemas/NAME.json` for a trigger whose records are those of the named queries: the schema of the payload with
/// the lists `created`, `updated` and `deleted`. Ends the build with a message if that fails.
pub fn changes_schema(service: impl AsRef<Path>, folder: impl AsRef<Path>, name: &str, queries: &[&str]) {
    let made = Queries::read(service.as_ref(), folder.as_ref()).and_then(|all| {
        if let Some((path, _)) = all.files.iter().find(|(path, _)| path.file_stem().is_some_and(|stem| stem == name)) {
            let problem = format!("the trigger's schema is called {name} as well: rename the query");
            return Err(Problem::GraphQl(path.clone(), problem));
        }
        let records = queries.iter().map(|query| all.schema(query)).collect::<Result<Vec<_>, _>>()?;
        let payload = changes(records).ok_or_else(|| {
            let problem =
                format!("the results of {} are no lists: say `Result: …[]` at their heads", queries.join(", "));
            Problem::GraphQl(all.service.0.clone(), problem)
        })?;
        write(name, &payload)
    });
    end_on_problem(made);
}

/// Makes `schemas/NAME.json` for an action whose result is one record of those that the named query lists; `way` leads
/// to it, as behind `Result:`, and ends in the list's items. Ends the build with a message if that fails.
pub fn record_schema(service: impl AsRef<Path>, folder: impl AsRef<Path>, name: &str, query: &str, way: &str) {
    let made = Queries::read(service.as_ref(), folder.as_ref()).and_then(|all| {
        let (path, text) = all.query(query)?;
        let schema = record(&all.service.1, text, way);
        write(name, &schema.map_err(|problem| Problem::GraphQl(path.clone(), problem))?)
    });
    end_on_problem(made);
}

/// Writes `schema.graphql` to `OUT_DIR`, for `GraphQl::schema`: the service's schema without the members whose comment
/// begins with `inferred`. What nobody saw is not looked for in a live service, where its absence would stop nothing. A
/// type of which nothing was seen stays, because others may name it. Ends the build with a message if that fails.
pub fn relied_upon(service: impl AsRef<Path>) {
    let service = service.as_ref();
    println!("cargo::rerun-if-changed={}", service.display());
    let made = read(service).and_then(|text| {
        let text = without_inferred(&text);
        schema::parse(&text).map_err(|problem| Problem::GraphQl(service.to_owned(), problem))?;
        let path = output().join("schema.graphql");
        fs::write(&path, text).map_err(|error| Problem::File(path, error))
    });
    end_on_problem(made);
}

/// A schema without the members whose comment begins with `inferred`, but for types that would have none.
fn without_inferred(text: &str) -> String {
    let comment = |member: &str| {
        member.lines().next_back().and_then(|line| line.split_once('#')).map(|(_, about)| about.trim_start().to_owned())
    };
    let is_inside = |member: &str| member.starts_with(' ');
    let is_inferred =
        |member: &str| is_inside(member) && comment(member).is_some_and(|about| about.starts_with("inferred"));
    let is_member = |member: &str| is_inside(member) && !member.trim_start().starts_with('#');
    let mut left = String::new();
    // Each type is one chunk: it ends with a line that ends it.
    for definition in text.split_inclusive("\n}") {
        let members = members(definition);
        let is_empty = !members.iter().any(|member| is_member(member) && !is_inferred(member));
        left.extend(members.into_iter().filter(|member| is_empty || !is_inferred(member)));
    }
    left
}

/// The lines of a definition, those of each member in one: what is said of it, its arguments, its comment.
fn members(definition: &str) -> Vec<String> {
    const FENCE: &str = "\"\"\"";
    let mut members: Vec<String> = Vec::new();
    let (mut goes_on, mut is_in_text, mut depth) = (false, false, 0_usize);
    for line in definition.split_inclusive('\n') {
        match members.last_mut().filter(|_| goes_on) {
            Some(member) => member.push_str(line),
            None => members.push(line.to_owned()),
        }
        let said = line.trim();
        let turns = line.matches(FENCE).count() % 2 == 1;
        let is_text = is_in_text || turns || (said.starts_with('"') && said.ends_with('"'));
        is_in_text ^= turns;
        let code = if is_text { "" } else { line.split('#').next().unwrap_or_default() };
        depth = (depth + code.matches('(').count()).saturating_sub(code.matches(')').count());
        goes_on = line.starts_with(' ') && (is_text || depth > 0 || (goes_on && said.starts_with('#')));
    }
    members
}

fn end_on_problem(made: Result<(), Problem>) {
    if let Err(problem) = made {
        eprintln!("error: {problem}");
        std::process::exit(1);
    }
}

/// The queries of a connector, by the names of their files.
struct Queries {
    service: (PathBuf, String),
    files: Vec<(PathBuf, String)>,
}

impl Queries {
    fn read(service: &Path, folder: &Path) -> Result<Self, Problem> {
        println!("cargo::rerun-if-changed={}", service.display());
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        collect(folder, service, &mut files)?;
        files.sort();
        for (index, (path, _)) in files.iter().enumerate() {
            let same = |(other, _): &&(PathBuf, String)| other.file_stem() == path.file_stem();
            if let Some((other, _)) = files.iter().skip(index + 1).find(same) {
                let problem = format!("{} has the same name, by which results are found: rename one", other.display());
                return Err(Problem::GraphQl(path.clone(), problem));
            }
        }
        Ok(Self { service: (service.to_owned(), read(service)?), files })
    }

    fn query(&self, name: &str) -> Result<&(PathBuf, String), Problem> {
        let found = self.files.iter().find(|(path, _)| path.file_stem().is_some_and(|stem| stem == name));
        found.ok_or_else(|| {
            Problem::GraphQl(self.service.0.clone(), format!("there is no query {name}.graphql beside this schema"))
        })
    }

    fn schema(&self, name: &str) -> Result<serde_json::Value, Problem> {
        let (path, query) = self.query(name)?;
        result_schema(&self.service.1, query).map_err(|problem| Problem::GraphQl(path.clone(), problem))
    }

    fn write_all(&self) -> Result<(), Problem> {
        for (path, _) in &self.files {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            write(&name, &self.schema(&name)?)?;
        }
        Ok(())
    }
}

fn collect(folder: &Path, service: &Path, files: &mut Vec<(PathBuf, String)>) -> Result<(), Problem> {
    let failed = |error| Problem::File(folder.to_owned(), error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            collect(&path, service, files)?;
        } else if path.extension().is_some_and(|ending| ending == "graphql") && path != service {
            files.push((path.clone(), read(&path)?));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|error| Problem::File(path.to_owned(), error))
}

/// Where cargo has a build script write.
fn output() -> PathBuf {
    std::env::var_os("OUT_DIR").unwrap_or_default().into()
}

/// Written without blanks, because it becomes part of the component.
fn write(name: &str, schema: &serde_json::Value) -> Result<(), Problem> {
    let folder = output().join("schemas");
    let path = folder.join(format!("{name}.json"));
    let made = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, schema.to_string()));
    made.map_err(|error| Problem::File(path, error))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Queries, without_inferred};

    #[test]
    fn what_nobody_saw_is_left_out_and_what_is_only_named_so_stays() {
        let schema = "input A {\n  a: Int # an id\n  b: Int # inferred\n  c: Int # inferred (from b)\n}\n\
                      enum E { x } # enum or string: inferred\n";
        let expected = "input A {\n  a: Int # an id\n}\nenum E { x } # enum or string: inferred\n";
        assert_eq!(without_inferred(schema), expected);
        let unseen = "type B { # inferred\n  a: Int # inferred\n}\n\ntype C {\n  b: B # seen; its type inferred\n}\n";
        assert_eq!(without_inferred(unseen), unseen);
    }

    #[test]
    fn what_is_said_of_a_member_goes_and_stays_with_it() {
        let gone = "  \"\"\"\n  Told (in\n  lines.\n  \"\"\"\n  b: Int # inferred\n  \"One.\"\n  c(\n    \
                    \"\"\"Which.\"\"\"\n    d: Int\n  ): Int # inferred\n";
        let stays = "  \"\"\"The id.\"\"\"\n  a: Int # seen\n  \"\"\"Some.\"\"\"\n  e(\n    \"\"\"Which.\"\"\"\n    f: \
                     Int # inferred\n  ): Int\n";
        let schema = |members: &str| format!("\"\"\"A type.\"\"\"\ntype A {{\n{members}}}\n");
        assert_eq!(without_inferred(&schema(&format!("{gone}{stays}"))), schema(stays));
        assert_eq!(without_inferred(&schema(gone)), schema(gone));
    }

    #[test]
    fn two_queries_of_one_name_are_refused_and_both_are_named() {
        let folder = std::env::temp_dir().join(format!("connector-sdk-build-{}", std::process::id()));
        let file = |name: &str| folder.join(name);
        for inner in ["actions", "triggers"] {
            fs::create_dir_all(file(inner)).unwrap();
        }
        fs::write(file("schema.graphql"), "type Query { a: Int }").unwrap();
        fs::write(file("actions/list.graphql"), "query List { a }").unwrap();
        let read = || Queries::read(&file("schema.graphql"), &folder);
        assert!(read().is_ok());
        fs::write(file("triggers/list.graphql"), "query List { a }").unwrap();
        let problem = read().map(drop).unwrap_err().to_string();
        fs::remove_dir_all(&folder).unwrap();
        assert!(problem.contains("actions/list.graphql") && problem.contains("triggers/list.graphql"), "{problem}");
    }
}
