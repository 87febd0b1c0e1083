//! Labels as ZPL II, the language of label printers. The printer draws the bars itself.

use std::fmt::Write;

use super::page::{HEIGHT, Page, WIDTH};

pub(super) fn draw(pages: &[Page]) -> String {
    let mut zpl = String::new();
    for page in pages {
        // Writing to a String cannot fail.
        let _ = write_page(&mut zpl, page);
    }
    zpl
}

fn write_page(zpl: &mut String, page: &Page) -> std::fmt::Result {
    // ^CI28: texts are UTF-8.
    writeln!(zpl, "^XA^CI28^PW{WIDTH}^LL{HEIGHT}^LH0,0")?;
    for rule in &page.rules {
        writeln!(zpl, "^FO{},{}^GB{},{},{}^FS", rule.left, rule.top, rule.width, rule.height, rule.height)?;
    }
    for text in &page.texts {
        let (height, width) = (20 * text.size, 18 * text.size);
        writeln!(zpl, "^FO{},{}^A0N,{height},{width}^FH_^FD{}^FS", text.left, text.top, data(&text.text))?;
    }
    let bars = &page.bars;
    // Mode A: the printer chooses the code sets.
    writeln!(zpl, "^FO{},{}^BY{}^BCN,{},N,N,N,A^FH_^FD{}^FS", bars.left, bars.top, bars.module, bars.height, data(&bars.text))?;
    writeln!(zpl, "^XZ")
}

/// Field data, with what would begin a command, and the mark itself, as hexadecimal digits.
fn data(text: &str) -> String {
    let escaped = |c: char| match c {
        '^' | '~' | '_' | '\\' | '>' => format!("_{:02X}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_command() {
        assert_eq!(data("a^XZ~JR_b"), "a_5EXZ_7EJR_5Fb");
    }
}
