//! Labels as PDF (ISO 32000), with the fonts that every reader has.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

use super::page::{DOTS, HEIGHT, Page, Rule, Text, WIDTH};

const FONT: Name<'static> = Name(b"F1");
/// Points an inch.
const POINTS: f32 = 72.0;

pub(super) fn draw(pages: &[Page]) -> Vec<u8> {
    let (catalog, tree, font) = (Ref::new(1), Ref::new(2), Ref::new(3));
    // Two objects a page, after the three above.
    let numbers = (4..).step_by(2).map(|number| (Ref::new(number), Ref::new(number + 1)));
    let numbered: Vec<(Ref, Ref, &Page)> = numbers.zip(pages).map(|((page, content), drawn)| (page, content, drawn)).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(numbered.iter().map(|(page, ..)| *page)).count(count);
    pdf.type1_font(font).base_font(Name(b"Courier-Bold")).encoding_predefined(Name(b"WinAnsiEncoding"));
    for (id, content, drawn) in numbered {
        let mut page = pdf.page(id);
        page.media_box(Rect::new(0.0, 0.0, points(WIDTH), points(HEIGHT))).parent(tree).contents(content);
        page.resources().fonts().pair(FONT, font);
        page.finish();
        pdf.stream(content, &stream(drawn));
    }
    pdf.finish()
}

fn stream(page: &Page) -> Vec<u8> {
    let mut content = Content::new();
    for rule in page.rules.iter().chain(&page.bars.rules()) {
        rectangle(&mut content, rule);
    }
    content.fill_nonzero();
    for text in &page.texts {
        write(&mut content, text);
    }
    content.finish().into_vec()
}

fn rectangle(content: &mut Content, rule: &Rule) {
    let bottom = HEIGHT - rule.top - rule.height;
    content.rect(points(rule.left), points(bottom), points(rule.width), points(rule.height));
}

fn write(content: &mut Content, text: &Text) {
    // Courier is 0.6 of its size wide: 10 dots for a character of 20 dots' height are a size of 16.7.
    let size = points(10 * text.size) / 0.6;
    let baseline = HEIGHT.saturating_sub(text.top + 16 * text.size);
    // WinAnsiEncoding holds Latin-1 at its own places.
    let bytes: Vec<u8> = text.text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    content.begin_text().set_font(FONT, size).next_line(points(text.left), points(baseline)).show(Str(&bytes)).end_text();
}

#[expect(clippy::cast_precision_loss, reason = "a page has few dots")]
fn points(dots: u32) -> f32 {
    dots as f32 * POINTS / DOTS
}
