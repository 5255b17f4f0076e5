//! A new action.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::names::Name;
use super::selection::{Beginning, beginning, is_schema};
use crate::workspace::Workspace;
use crate::{cargo, files};

/// Writes the action's four files' worth: query, example, code with its test, and its row.
pub(super) fn write(workspace: &Workspace, key: &str, connector: Option<&str>) -> Result<()> {
    let name = Name::of_camel_case(key)?;
    let package = match connector {
        None => workspace.root.clone(),
        Some(connector) => {
            let known = Name::of_kebab_case(connector).map(|_| workspace.root.join("connectors").join(connector))?;
            ensure!(known.join("Cargo.toml").is_file(), "there is no connector {connector:?} in connectors/");
            known
        }
    };
    let source = package.join("src");
    let schema = schema(&source)?;
    let first = beginning(&read(&schema)?)?;
    let actions = source.join("actions");
    let file = |ending: &str| actions.join(format!("{}.{ending}", name.snake()));
    let new = [file("rs"), file("graphql"), file("example.json")];
    for path in &new {
        ensure!(
            !path.exists(),
            "{} is there already: choose another name, or remove what an interrupted run has left",
            workspace.shown(path)
        );
    }
    for (path, text) in sources(&source)? {
        ensure!(
            path.file_stem() != new[1].file_stem() && !text.contains(&format!("key: \"{key}\"")),
            "{} has this name already: choose another",
            workspace.shown(&path)
        );
    }
    let (table, list) = (source.join("lib.rs"), actions.join("mod.rs"));
    let tables = with_row(&read(&table)?, &name)
        .with_context(|| format!("{} has no table of actions as the recipe expects it", workspace.shown(&table)))?;
    let connector =
        connector_type(&tables).with_context(|| format!("{} implements no Connector", workspace.shown(&table)))?;
    let modules = with_module(&read(&list)?, &name);

    let code = code(&name, key, connector);
    files::write_atomically(&new[0], code.as_bytes())?;
    files::write_atomically(&new[1], query(&name, &first).as_bytes())?;
    files::write_atomically(&new[2], format!("{:#}\n", first.example).as_bytes())?;
    files::write_atomically(&list, modules.as_bytes())?;
    files::write_atomically(&table, tables.as_bytes())?;
    cargo::run(cargo::native().current_dir(&package).arg("fmt"))?;

    for path in new.iter().chain([&list, &table]) {
        eprintln!("  {}", workspace.shown(path));
    }
    eprintln!(
        "{key} compiles and passes its test. Next: write its query in {}, what it does in {}, and then run `cargo \
         xtask manifest`, `cargo xtask check` and `cargo xtask test`.",
        workspace.shown(&new[1]),
        workspace.shown(&new[0])
    );
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// All queries and code below a folder.
fn sources(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "graphql" || ending == "rs") {
            let text = read(&path)?;
            found.push((path, text));
        }
    }
    Ok(found)
}

/// The service's schema: the one `.graphql` file beside `lib.rs` that holds type definitions.
fn schema(source: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(source).with_context(|| format!("{} cannot be read", source.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "graphql") && is_schema(&read(&path)?) {
            found.push(path);
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => bail!(
            "{} holds no schema with `type Query` (a type of another name at its root is not understood)",
            source.display()
        ),
        _ => bail!("{} holds several schemas with `type Query`", source.display()),
    }
}

fn code(name: &Name, key: &str, connector: &str) -> String {
    include_str!("../../templates/action/action.rs")
        .replace("__KEY__", key)
        .replace("__FILE__", &name.snake())
        .replace("__TYPE__", &name.pascal())
        .replace("__LABEL__", &name.label())
        .replace("__CONNECTOR__", connector)
}

fn query(name: &Name, first: &Beginning) -> String {
    let mut lines = vec!["# Say here what the result is.".to_owned(), format!("query {} {{", name.pascal())];
    let mut depth = 1;
    for word in first.selection.split(' ') {
        match word {
            "{" => {
                if let Some(line) = lines.last_mut() {
                    line.push_str(" {");
                }
                depth += 1;
            }
            "}" => {
                depth -= 1;
                lines.push(format!("{}}}", "  ".repeat(depth)));
            }
            field => lines.push(format!("{}{field}", "  ".repeat(depth))),
        }
    }
    lines.push("}\n".to_owned());
    lines.join("\n")
}

/// The list of modules with one more, in the order of the alphabet.
fn with_module(list: &str, name: &Name) -> String {
    let (module, used) =
        (format!("mod {};", name.snake()), format!("pub(crate) use {}::{};", name.snake(), name.pascal()));
    let list = inserted(list, &module, |line| line.starts_with("mod ") && line != "mod tests;");
    inserted(&list, &used, |line| line.starts_with("pub(crate) use "))
}

/// The text with one more line among those like it, before the first that comes after it in the alphabet.
fn inserted(text: &str, new: &str, is_like: impl Fn(&str) -> bool) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let alike: Vec<usize> =
        (0..lines.len()).filter(|index| lines.get(*index).is_some_and(|line| is_like(line))).collect();
    let after = alike.iter().copied().find(|index| lines.get(*index).is_some_and(|line| *line > new));
    let place = after.or_else(|| alike.last().map(|last| last + 1)).unwrap_or(lines.len());
    lines.insert(place, new);
    lines.join("\n") + "\n"
}

/// The connector's file with one more row in its table of actions.
fn with_row(lib: &str, name: &Name) -> Option<String> {
    let start = lib.find("const ACTIONS")?;
    let (before, table) = lib.split_at_checked(start)?;
    let (rows, after) = table.split_at_checked(table.find("];")?)?;
    let separator = if rows.trim_end().ends_with([',', '[']) { "" } else { "," };
    let row = format!("{separator}\n        ActionRow::of::<actions::{}>(),\n    ", name.pascal());
    Some(format!("{before}{}{row}{after}", rows.trim_end()))
}

/// The type that is the connector.
fn connector_type(lib: &str) -> Option<&str> {
    let (_, rest) = lib.split_once("impl Connector for ")?;
    rest.split(|character: char| !character.is_alphanumeric()).next().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_and_the_module_go_where_a_person_would_put_them() {
        let name = Name::of_camel_case("getPart").unwrap();
        let lib = "impl Connector for Acme {\n    const ACTIONS: &'static [ActionRow] = &[\n        \
                   ActionRow::of::<actions::ListParts>(),\n    ];\n}\n";
        let written = with_row(lib, &name).unwrap();
        assert!(written.contains("ListParts>(),\n        ActionRow::of::<actions::GetPart>(),\n    ];"), "{written}");
        assert_eq!(connector_type(lib), Some("Acme"));
        let single = with_row("const ACTIONS: x = &[ActionRow::of::<actions::A>()];", &name).unwrap();
        assert!(single.contains("A>(),\n"), "{single}");
        let list =
            "//! Actions.\n\nmod list_parts;\n\n#[cfg(test)]\nmod tests;\n\npub(crate) use list_parts::ListParts;\n";
        let expected = "//! Actions.\n\nmod get_part;\nmod list_parts;\n\n#[cfg(test)]\nmod tests;\n\npub(crate) use \
                        get_part::GetPart;\npub(crate) use list_parts::ListParts;\n";
        assert_eq!(with_module(list, &name), expected);
    }

    #[test]
    fn the_query_is_laid_out_as_people_do() {
        let name = Name::of_camel_case("getPart").unwrap();
        let first = Beginning { selection: "me { company { size } }".to_owned(), example: serde_json::Value::Null };
        let expected =
            "# Say here what the result is.\nquery GetPart {\n  me {\n    company {\n      size\n    }\n  }\n}\n";
        assert_eq!(query(&name, &first), expected);
    }
}
