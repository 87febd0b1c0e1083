//! The documentation names everything there is and nothing else, and links to pages and headings that exist.

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

/// Every setting as the environment names it, without those that repeat.
fn settings() -> Vec<(String, String)> {
    let mut section = String::new();
    let mut settings = Vec::new();
    for line in text("apps/server/config.default.toml").lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
        } else if let Some((key, default)) =
            line.split_once(" = ").filter(|_| !line.starts_with('#') && !section.starts_with('['))
        {
            settings.push((format!("MGMT_{}__{}", section.to_uppercase(), key.to_uppercase()), default.to_owned()));
        }
    }
    assert!(settings.len() > 20, "{settings:?}");
    settings
}

#[test]
fn every_setting_is_documented_with_its_default() {
    let documented = text("docs/configuration.md");
    let rows: Vec<_> = documented.lines().filter(|line| line.starts_with("| `MGMT_")).collect();
    for (name, default) in settings() {
        let row = rows.iter().find(|row| row.starts_with(&format!("| `{name}` | ")));
        let row = row.unwrap_or_else(|| panic!("`{name}` is not in docs/configuration.md"));
        let shown = row.split(" | ").nth(1).unwrap();
        let plain = default.trim_matches(['[', ']', '"']).replace(", ", ",");
        let fits = if plain.is_empty() { !shown.starts_with('`') } else { shown == format!("`{plain}`") };
        assert!(fits, "the default of `{name}` is {default}: {row}");
    }
}

#[test]
fn every_setting_that_is_named_exists() {
    let settings = settings();
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    for page in pages() {
        for name in text(&page).split(|c| !is_part(c)).filter(|word| word.starts_with("MGMT_") && word.contains("__")) {
            assert!(settings.iter().any(|(known, _)| known == name), "{page} names `{name}`");
        }
    }
}

/// The Markdown files for readers.
fn pages() -> Vec<String> {
    let mut pages: Vec<String> = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(str::to_owned).to_vec();
    let names = |folder: &str| {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    pages.extend(names("docs").into_iter().filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")));
    pages.push("docs/gateways/README.md".to_owned());
    pages.extend(names("crates").into_iter().map(|name| format!("crates/{name}/README.md")));
    pages
}

/// What is not within a block of code.
fn prose(page: &str) -> Vec<String> {
    let mut is_code = false;
    let keep = |line: &&str| {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    };
    text(page).lines().filter(keep).map(str::to_owned).collect()
}

/// The anchors of a page's headings, as forges make them.
fn anchors(page: &str) -> Vec<String> {
    let headings = prose(page).into_iter().filter(|line| line.starts_with('#'));
    let anchor = |heading: String| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut followed = 0;
    for page in pages() {
        let folder = root().join(&page).parent().unwrap().to_owned();
        let prose = prose(&page).join("\n");
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains("://")) {
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = if target.is_empty() { root().join(&page) } else { folder.join(target) };
            assert!(file.exists(), "{page} links to `{link}`");
            if !anchor.is_empty() {
                let file = file.canonicalize().unwrap();
                let name = file.strip_prefix(root().canonicalize().unwrap()).unwrap().display().to_string();
                let known = anchors(&name);
                assert!(known.iter().any(|known| known == anchor), "{page} links to `{link}`, and there is {known:?}");
                followed += 1;
            }
        }
    }
    assert!(followed > 5, "few links have an anchor: are they read?");
}
