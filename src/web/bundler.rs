//! The modules of the page as one file.
//!
//! A browser takes some milliseconds for each module, however small, and a round trip for every few of them. What it is
//! given is one module that has all of them inside, each in a function of its own, in the order in which the browser
//! would run them. The modules are ours and keep to two forms, each on a line of its own, which is all that is read:
//!
//! ```text
//! import { one, two as other } from './numbers.js';
//! export class Three {
//! ```
//!
//! Comments on lines of their own are left out, which are a third of what a browser would load.
//!
//! A module is known by its path below the folder of the client, such as `ui/overlay.js`. What it imports is named
//! relative to that: `./strings.js`, `../clock.js`.

use std::collections::HashSet;
use std::fmt::Write;

/// Links `entry` with what it imports. An error says which module cannot be linked, and why.
pub(super) fn link(entry: &str, read: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut linker = Linker {
        read,
        begun: HashSet::new(),
        ended: HashSet::new(),
        linked: String::new(),
    };
    linker.add(entry)?;
    Ok(linker.linked)
}

struct Linker<R> {
    read: R,
    begun: HashSet<String>,
    ended: HashSet<String>,
    linked: String,
}

impl<R: Fn(&str) -> Option<String>> Linker<R> {
    /// Adds a module behind those that it imports, once.
    fn add(&mut self, name: &str) -> Result<(), String> {
        if self.ended.contains(name) {
            return Ok(());
        }
        if !self.begun.insert(name.to_owned()) {
            return Err(format!("{name} imports itself by others"));
        }
        let source = (self.read)(name).ok_or_else(|| format!("{name} is imported and not there"))?;
        let (mut body, mut exports) = (String::with_capacity(source.len()), Vec::new());
        for line in code(&source) {
            if let Some(import) = line.strip_prefix("import ") {
                let unread = || format!("{name}: this import is not understood: {line}");
                let (names, specifier) = parse_import(import).ok_or_else(unread)?;
                let from = resolve(name, specifier).ok_or_else(unread)?;
                self.add(&from)?;
                let names = names.replace(" as ", ": ");
                let _ = write!(body, "const {names} = {};", identifier(&from));
            } else if let Some(declaration) = line.strip_prefix("export ") {
                let unread = || format!("{name}: this export is not understood: {line}");
                exports.push(declared(declaration).ok_or_else(unread)?);
                body.push_str(declaration);
            } else {
                body.push_str(line);
            }
            body.push('\n');
        }
        let exports = exports.join(", ");
        let id = identifier(name);
        let _ = writeln!(
            self.linked,
            "// {name}\nconst {id} = (() => {{\n{body}return {{ {exports} }};\n}})();"
        );
        self.ended.insert(name.to_owned());
        Ok(())
    }
}

/// The lines of a module without comments that have lines of their own. No text of the client goes over several lines.
fn code(source: &str) -> impl Iterator<Item = &str> {
    let mut is_comment = false;
    source.lines().filter(move |line| {
        let text = line.trim();
        let (was_comment, begins) = (is_comment, text.starts_with("/*"));
        is_comment = (was_comment || begins) && !text.contains("*/");
        let is_one = begins && text.ends_with("*/");
        !(was_comment || is_comment || is_one || text.starts_with("//"))
    })
}

/// The names in their braces, and the relative path of the file that they come from.
fn parse_import(import: &str) -> Option<(&str, &str)> {
    let (names, specifier) = import.split_once(" from '")?;
    let is_list = names.starts_with('{') && names.ends_with('}');
    Some((names, specifier.strip_suffix("';")?)).filter(|_| is_list)
}

/// The module that `importer` means by a path that begins with `./` or `../`; `None` when it is none of ours.
fn resolve(importer: &str, specifier: &str) -> Option<String> {
    let mut folders: Vec<&str> = importer.split('/').collect();
    folders.pop();
    let mut rest = specifier;
    if let Some(beside) = rest.strip_prefix("./") {
        rest = beside;
    } else if !rest.starts_with("../") {
        return None;
    }
    while let Some(above) = rest.strip_prefix("../") {
        folders.pop()?;
        rest = above;
    }
    folders.push(rest);
    Some(folders.join("/"))
}

/// The name that is declared.
fn declared(declaration: &str) -> Option<&str> {
    let declaration = declaration.strip_prefix("async ").unwrap_or(declaration);
    let named = ["class ", "const ", "function "]
        .iter()
        .find_map(|keyword| declaration.strip_prefix(keyword))?;
    let end = named.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))?;
    named.get(..end).filter(|name| !name.is_empty())
}

/// The identifier of a module in the linked file.
fn identifier(name: &str) -> String {
    let name = name.strip_suffix(".js").unwrap_or(name);
    format!("${}", name.replace('-', "_").replace('/', "$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(modules: &[(&str, &str)]) -> Result<String, String> {
        let read = |name: &str| modules.iter().find(|(each, _)| *each == name);
        link("main.js", |name| {
            read(name).map(|(_, source)| (*source).to_owned())
        })
    }

    #[test]
    fn a_module_stands_once_and_behind_what_it_imports() {
        let modules = [
            (
                "main.js",
                "import { one as first } from './a-b.js';\nimport { two } from './c.js';\nfirst(two);\n",
            ),
            (
                "a-b.js",
                "import { two } from './c.js';\nexport async function one() {\n  return two;\n}\n",
            ),
            ("c.js", "export const two = 2;\n"),
        ];
        let expected = "// c.js\nconst $c = (() => {\nconst two = 2;\nreturn { two };\n})();\n\
            // a-b.js\nconst $a_b = (() => {\nconst { two } = $c;\nasync function one() {\n  return two;\n}\nreturn { one };\n})();\n\
            // main.js\nconst $main = (() => {\nconst { one: first } = $a_b;\nconst { two } = $c;\nfirst(two);\nreturn {  };\n})();\n";
        assert_eq!(linked(&modules).as_deref(), Ok(expected));
    }

    #[test]
    fn comments_are_left_out_and_code_beside_them_is_not() {
        let source = "/** One. */\n/**\n * Two: `*\\/`.\n */\n// three\nexport const a = /** @type {any} */ (1); // four\n\
            /** @type {any} */ (a).b();\n  /** @param {any} c */\n  c();\nconst url = 'http://d';\n";
        let kept: Vec<_> = code(source).collect();
        assert_eq!(
            kept,
            [
                "export const a = /** @type {any} */ (1); // four",
                "/** @type {any} */ (a).b();",
                "  c();",
                "const url = 'http://d';",
            ]
        );
    }

    #[test]
    fn imports_are_relative_to_the_folder_of_the_module() {
        let modules = [
            ("main.js", "import { one } from './ui/one.js';\n"),
            (
                "ui/one.js",
                "import { two } from './two.js';\nimport { three } from '../input/two.js';\nexport const one = 1;\n",
            ),
            ("ui/two.js", "export const two = 2;\n"),
            (
                "input/two.js",
                "import { four } from '../four.js';\nexport const three = 3;\n",
            ),
            ("four.js", "export const four = 4;\n"),
        ];
        let expected = "// ui/two.js\nconst $ui$two = (() => {\nconst two = 2;\nreturn { two };\n})();\n\
            // four.js\nconst $four = (() => {\nconst four = 4;\nreturn { four };\n})();\n\
            // input/two.js\nconst $input$two = (() => {\nconst { four } = $four;\nconst three = 3;\nreturn { three };\n})();\n\
            // ui/one.js\nconst $ui$one = (() => {\nconst { two } = $ui$two;\nconst { three } = $input$two;\nconst one = 1;\nreturn { one };\n})();\n\
            // main.js\nconst $main = (() => {\nconst { one } = $ui$one;\nreturn {  };\n})();\n";
        assert_eq!(linked(&modules).as_deref(), Ok(expected));
    }

    #[test]
    fn what_cannot_be_linked_is_named() {
        for (modules, why) in [
            (
                &[("main.js", "import { a } from './a.js';")][..],
                "a.js is imported and not there",
            ),
            (
                &[("main.js", "import a from './a.js';")],
                "main.js: this import is not understood: import a from './a.js';",
            ),
            (
                &[("main.js", "import { a } from 'a.js';")],
                "main.js: this import is not understood: import { a } from 'a.js';",
            ),
            (
                &[("main.js", "import { a } from '../a.js';")],
                "main.js: this import is not understood: import { a } from '../a.js';",
            ),
            (
                &[("main.js", "export default 1;")],
                "main.js: this export is not understood: export default 1;",
            ),
            (
                &[
                    ("main.js", "import { a } from './a.js';"),
                    ("a.js", "import { b } from './main.js';"),
                ],
                "main.js imports itself by others",
            ),
        ] {
            assert_eq!(linked(modules), Err(why.to_owned()));
        }
    }
}
