//! Circles between the modules of a crate, by the paths in its source: `use` lines, and paths in the code that begin
//! with `crate` or `super`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The place of a module in its crate, from the root down.
type Module = Vec<String>;

/// One module uses another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: Module,
    to: Module,
    /// Where: `path:line`.
    at: String,
}

/// Every circle between modules of one folder in a crate's source; none where there is no source.
pub(super) fn problems(root: &Path, source: &Path) -> Result<Vec<String>> {
    if !source.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    collect(source, &mut Vec::new(), &mut files)?;
    let mut arrows = Vec::new();
    for (module, path) in &files {
        let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
        arrows.extend(arrows_of(module, &text, &shown).with_context(|| format!("{shown} is not Rust"))?);
    }
    let known: BTreeSet<Module> = files.into_iter().map(|(module, _)| module).collect();
    Ok(circles(&known, &arrows))
}

/// The files of a folder with the modules that they are. Files of tests are left out.
fn collect(folder: &Path, module: &mut Module, files: &mut Vec<(Module, PathBuf)>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_source = path.extension().is_some_and(|ending| ending == "rs");
        let is_test = name == "tests" || name == "testing" || name.ends_with("_tests");
        if is_test || !(path.is_dir() || is_source) {
            continue;
        }
        match name.as_str() {
            "lib" | "main" | "mod" if is_source => files.push((module.clone(), path)),
            _ => {
                module.push(name);
                if is_source {
                    files.push((module.clone(), path))
                } else {
                    collect(&path, module, files)?
                }
                module.pop();
            }
        }
    }
    Ok(())
}

fn arrows_of(module: &Module, text: &str, shown: &str) -> syn::Result<Vec<Arrow>> {
    let file = syn::parse_file(text)?;
    let mut found = Paths { module: module.clone(), shown, arrows: Vec::new() };
    found.visit_file(&file);
    Ok(found.arrows)
}

struct Paths<'a> {
    module: Module,
    shown: &'a str,
    arrows: Vec<Arrow>,
}

impl Paths<'_> {
    /// Takes note of a path, if it begins in this crate.
    fn note(&mut self, segments: &[String], line: usize) {
        let Some((first, mut rest)) = segments.split_first() else { return };
        let mut to = match first.as_str() {
            "crate" => Vec::new(),
            "super" => parent(&self.module),
            _ => return,
        };
        while let Some((next, after)) = rest.split_first().filter(|(next, _)| *next == "super") {
            debug_assert_eq!(next, "super");
            to = parent(&to);
            rest = after;
        }
        to.extend(rest.iter().cloned());
        self.arrows.push(Arrow { from: self.module.clone(), to, at: format!("{}:{line}", self.shown) });
    }

    fn tree(&mut self, before: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(before, &path.tree);
                before.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(before, item)),
            syn::UseTree::Name(name) => self.leaf(before, &name.ident),
            syn::UseTree::Rename(name) => self.leaf(before, &name.ident),
            syn::UseTree::Glob(glob) => self.note(before, glob.span().start().line),
        }
    }

    fn leaf(&mut self, before: &[String], name: &syn::Ident) {
        let mut segments = before.to_vec();
        if name != "self" {
            segments.push(name.to_string());
        }
        self.note(&segments, name.span().start().line);
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.note(&segments, path.span().start().line);
        visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_test(&item.attrs) {
            return;
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_test(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }
}

/// Whether an item is there in tests alone.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg_test = || attribute.parse_args::<syn::Ident>().is_ok_and(|of| of == "test");
        attribute.path().is_ident("test") || attribute.path().is_ident("cfg") && is_cfg_test()
    })
}

fn parent(module: &Module) -> Module {
    module.iter().take(module.len().saturating_sub(1)).cloned().collect()
}

/// The circles between modules of one folder, at every level.
fn circles(known: &BTreeSet<Module>, arrows: &[Arrow]) -> Vec<String> {
    // By folder: who uses whom, and where.
    let mut folders: BTreeMap<Module, BTreeMap<(String, String), String>> = BTreeMap::new();
    for Arrow { from, to, at } in arrows {
        let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        let (Some(user), Some(used)) = (from.get(common), to.get(common)) else { continue };
        let folder: Module = from.iter().take(common).cloned().collect();
        // What a path names can be an item of the folder itself.
        let is_module = known.iter().any(|module| module.starts_with(&folder) && module.get(common) == Some(used));
        if is_module {
            folders.entry(folder).or_default().entry((user.clone(), used.clone())).or_insert_with(|| at.clone());
        }
    }
    let mut problems = Vec::new();
    for edges in folders.values() {
        let mut told = BTreeSet::new();
        for (user, _) in edges.keys() {
            let Some(circle) = way_back(edges, user) else { continue };
            let members: BTreeSet<&String> = circle.iter().collect();
            if told.insert(members.into_iter().cloned().collect::<Vec<_>>()) {
                problems.push(shown(edges, &circle));
            }
        }
    }
    problems
}

/// The shortest way from a module back to itself.
fn way_back(edges: &BTreeMap<(String, String), String>, start: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way.last()?;
            for (_, used) in edges.keys().filter(|(user, _)| user == last) {
                if used == start {
                    return Some(way);
                }
                if seen.insert(used.clone()) {
                    longer.push([way.as_slice(), std::slice::from_ref(used)].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

fn shown(edges: &BTreeMap<(String, String), String>, circle: &[String]) -> String {
    let next = circle.iter().cycle().skip(1);
    let steps = circle.iter().zip(next).map(|(user, used)| {
        let at = edges.get(&(user.clone(), used.clone())).map_or("", String::as_str);
        format!("{user} uses {used} ({at})")
    });
    steps.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Module, arrows_of, circles};

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let module =
            |path: &str| -> Module { path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
        let arrows =
            files.iter().flat_map(|(path, text)| arrows_of(&module(path), text, path).unwrap()).collect::<Vec<_>>();
        circles(&files.iter().map(|(path, _)| module(path)).collect(), &arrows)
    }

    #[test]
    fn two_modules_that_use_each_other_are_a_circle_however_they_say_it() {
        for (a, b) in [
            ("use crate::b::B;", "use crate::a::A;"),
            ("use super::{c, b::{self, D}};", "fn f() { crate::a::g() }"),
            ("use crate::b as other;", "impl super::a::T for X {}"),
        ] {
            let problems = found(&[("", "mod a; mod b;"), ("a", a), ("b", b)]);
            assert_eq!(problems, ["a uses b (a:1), b uses a (b:1)"], "{a} {b}");
        }
    }

    #[test]
    fn a_circle_around_a_corner_and_one_deeper_down_are_found() {
        let problems =
            found(&[("a", "use crate::b::X;"), ("b", "use crate::c::X;"), ("c/d", "use crate::a::X;"), ("c", "")]);
        assert_eq!(problems, ["a uses b (a:1), b uses c (b:1), c uses a (c/d:1)"]);
        let problems = found(&[("p", ""), ("p/a", "use super::b::X;"), ("p/b", "use crate::p::a::X;")]);
        assert_eq!(problems, ["a uses b (p/a:1), b uses a (p/b:1)"]);
    }

    #[test]
    fn parents_children_items_of_the_parent_and_tests_are_no_circle() {
        let problems = found(&[
            ("", "mod a; mod b; use a::A; pub struct Shared;"),
            ("a", "use crate::b::B; use crate::Shared;"),
            (
                "b",
                "use super::Shared;\n#[cfg(test)]\nmod tests { use crate::a::A; }\n#[test]\nfn t() { crate::a::x() }",
            ),
            ("a/inner", "use super::A; use crate::a::other::X;"),
        ]);
        assert_eq!(problems, Vec::<String>::new());
    }
}
