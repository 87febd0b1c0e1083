//! The README's tour does what it says: every `sh` block of it is run, in order, in one shell.

use mgmt_tests::{Backend, Server, on_each_backend};
use std::process::Command;

on_each_backend!(the_readme_tour_works);

const README: &str = include_str!("../../README.md");

/// The `sh` blocks of the tour.
fn blocks() -> Vec<String> {
    let (_, tour) = README.split_once("## A tour in five minutes").expect("the tour");
    let tour = tour.split("\n## ").next().unwrap();
    let mut blocks = Vec::new();
    let mut rest = tour;
    while let Some((_, after)) = rest.split_once("```sh\n") {
        let (block, after) = after.split_once("```").expect("the end of a block");
        blocks.push(block.to_owned());
        rest = after;
    }
    blocks
}

/// What a block says that it prints: the text behind each `# →`.
fn promises(block: &str) -> Vec<&str> {
    block.lines().filter_map(|line| line.split_once("# → ")).map(|(_, text)| text.trim()).collect()
}

fn the_readme_tour_works(backend: Backend) {
    let server = Server::start(backend);
    let blocks = blocks();
    assert!(blocks.len() >= 5, "a tour has stops");
    let script: String = blocks.iter().map(|block| format!("{block}\nprintf '\\n%s\\n' '=== end of block ==='\n")).collect();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .env("MGMT_URL", format!("http://{}", server.address))
        .env("MANAGEMENT_KEY", server.management_key())
        .current_dir(server.folder.path())
        .output()
        .expect("bash runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the tour stops:\n{printed}\n{errors}");
    let parts: Vec<_> = printed.split("=== end of block ===").collect();
    assert_eq!(parts.len(), blocks.len() + 1);
    for (block, part) in blocks.iter().zip(&parts) {
        for promise in promises(block) {
            assert!(part.contains(promise), "`{promise}` is not printed by:\n{block}\nbut:\n{part}");
        }
    }
    assert!(blocks.iter().map(|block| promises(block).len()).sum::<usize>() >= 5, "a tour shows something");
}
