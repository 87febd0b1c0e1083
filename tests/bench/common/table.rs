//! The table of goals: every benchmark writes its lines below `.local/bench`, and `scripts/bench-table` puts them together.

use std::fmt::Write;

/// The lines of one benchmark.
pub(crate) struct Table {
    file: &'static str,
    lines: String,
}

/// How a figure is compared with its goal.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Table {
    pub(crate) fn new(file: &'static str) -> Self {
        Self { file, lines: String::new() }
    }

    /// Notes a figure, also on standard output.
    pub(crate) fn note(&mut self, measure: &str, figure: f64, unit: &str, goal: Goal) {
        let (sign, bound, met) = match goal {
            Goal::AtLeast(bound) => ("≥", bound, figure >= bound),
            Goal::AtMost(bound) => ("≤", bound, figure <= bound),
        };
        let met = if met { "met" } else { "not met" };
        println!("{measure}: {figure:.2}{unit} (goal {sign} {bound}{unit}: {met})");
        writeln!(self.lines, "| {measure} | {figure:.2}{unit} | {sign} {bound}{unit} | {met} |").unwrap();
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let folder = super::results().join("bench");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(self.file), &self.lines).unwrap();
    }
}
