//! The documentation names everything there is, and links to files that exist.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn text(path: &str) -> String {
    read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_error_code_is_explained() {
    let source = text("crates/mgmt-core/src/error.rs");
    let (_, list) = source.split_once("\ncodes! {").expect("the list of codes");
    let (list, _) = list.split_once("\n}").unwrap();
    let codes: Vec<_> = list.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert!(codes.len() > 20, "{codes:?}");
    let table = text("docs/errors.md");
    let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| `")).collect();
    for code in &codes {
        let row = rows.iter().find(|row| row.starts_with(&format!("| `{code}` | ")));
        let row = row.unwrap_or_else(|| panic!("`{code}` is not in docs/errors.md"));
        let status: u16 = row.split('|').nth(2).unwrap().trim().parse().expect("a status");
        assert!((400..600).contains(&status), "{row}");
    }
    assert_eq!(rows.len(), codes.len(), "docs/errors.md explains codes that do not exist");
}

#[test]
fn every_setting_is_documented() {
    let documented = text("docs/configuration.md");
    let mut section = String::new();
    let mut count = 0;
    for line in text("apps/server/config.default.toml").lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let whole_section = documented.contains(&format!("`[{section}]`"));
            let name = format!("`MGMT_{}__{}`", section.to_uppercase(), key.to_uppercase());
            let in_catalogue = section.starts_with('[');
            assert!(whole_section || in_catalogue || documented.contains(&name), "{name} is not in docs/configuration.md");
            count += 1;
        }
    }
    assert!(count > 20);
}

#[test]
fn links_lead_somewhere() {
    let mut pages =
        vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned(), "SECURITY.md".to_owned(), "CHANGELOG.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            pages.push(format!("docs/{name}"));
        }
    }
    for page in pages {
        let folder = root().join(&page).parent().unwrap().to_owned();
        for link in text(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            if !target.contains("://") && !target.is_empty() {
                assert!(folder.join(target).exists(), "{page} links to `{link}`");
            }
        }
    }
}
