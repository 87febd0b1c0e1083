//! What stands on a label, and where.

use barcoders::sym::code128::Code128;

use super::LabelFault;
use crate::{parcel::Parcel, shipment::Shipment, shipment_state::Purchase};

/// Dots across: four inches.
pub(super) const WIDTH: u32 = 812;
/// Dots down: six inches.
pub(super) const HEIGHT: u32 = 1218;
/// Dots an inch.
pub(super) const DOTS: f32 = 203.0;
/// Free space at the edges.
const MARGIN: u32 = 40;
/// The height of the bars: about an inch.
const BARS: u32 = 220;
/// Where the bars begin: below them is room for the number.
const BARS_TOP: u32 = HEIGHT - MARGIN - BARS - 60;
/// Free space beside the bars, in modules: ISO/IEC 15417 asks for ten.
const QUIET: u32 = 10;
/// The widest module that is used, in dots.
const MAX_MODULE: u32 = 4;

/// A line of text. Characters are `size` times 10 dots wide and 20 high.
pub(super) struct Text {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) size: u32,
    pub(super) text: String,
}

/// A black rectangle.
pub(super) struct Rule {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A barcode.
pub(super) struct Bars {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) height: u32,
    /// Dots of a module.
    pub(super) module: u32,
    /// Dark modules.
    pub(super) modules: Vec<bool>,
    /// What they say.
    pub(super) text: String,
}

impl Bars {
    /// Each dark module as a rectangle; neighbours are one.
    pub(super) fn rules(&self) -> Vec<Rule> {
        let mut rules: Vec<Rule> = Vec::new();
        for (left, _) in (self.left..).step_by(self.module as usize).zip(&self.modules).filter(|(_, dark)| **dark) {
            match rules.last_mut().filter(|last| last.left + last.width == left) {
                Some(last) => last.width += self.module,
                None => rules.push(Rule { left, top: self.top, width: self.module, height: self.height }),
            }
        }
        rules
    }
}

/// A label.
pub(super) struct Page {
    pub(super) texts: Vec<Text>,
    pub(super) rules: Vec<Rule>,
    pub(super) bars: Bars,
}

/// A page for each parcel.
pub(super) fn pages(shipment: &Shipment) -> Result<Vec<Page>, LabelFault> {
    let purchase = shipment.state.purchase().ok_or(LabelFault::NotBought)?;
    let count = shipment.parts.parcels.len();
    let numbered = shipment.parts.parcels.iter().enumerate();
    numbered.map(|(index, parcel)| page(shipment, purchase, parcel, (index + 1, count))).collect()
}

fn page(shipment: &Shipment, purchase: &Purchase, parcel: &Parcel, (number, count): (usize, usize)) -> Result<Page, LabelFault> {
    let mut writer = Writer { top: MARGIN, texts: Vec::new(), rules: Vec::new() };
    let service = purchase.rate.meta.get("service_name").and_then(|name| name.as_str()).unwrap_or(&purchase.rate.service);
    writer.line(3, &purchase.rate.carrier_name.to_uppercase());
    writer.line(2, service);
    writer.rule();
    writer.line(1, "FROM");
    for line in shipment.parts.shipper.parts().lines() {
        writer.line(1, &line);
    }
    writer.rule();
    writer.line(1, "TO");
    let weight = parcel.weight();
    let mut small = vec![format!("Parcel {number} of {count}   {} {}", weight.value, weight.unit)];
    let references = [("Reference", shipment.parts.reference.as_deref()), ("Order", shipment.parts.order_id.as_deref())];
    small.extend(references.into_iter().filter_map(|(name, text)| Some(format!("{name}: {}", text?))));
    let to = shipment.destination().lines();
    let size = writer.largest(3, to.len(), &small);
    for line in &to {
        writer.line(size, line);
    }
    writer.rule();
    for line in &small {
        writer.line(1, line);
    }
    writer.rules.push(Rule { left: MARGIN, top: BARS_TOP - 30, width: WIDTH - 2 * MARGIN, height: 3 });
    let bars = bars(&purchase.tracking_number)?;
    // The number stands below its bars, in the middle, as people read it.
    let size = 2;
    let width = glyphs(&purchase.tracking_number) * 10 * size;
    let below = bars.top + bars.height + 12;
    writer.texts.push(Text { left: WIDTH.saturating_sub(width) / 2, top: below, size, text: purchase.tracking_number.clone() });
    Ok(Page { texts: writer.texts, rules: writer.rules, bars })
}

fn glyphs(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

fn bars(number: &str) -> Result<Bars, LabelFault> {
    let wrong = || LabelFault::Barcode(number.to_owned());
    let encoded = Code128::new(code_sets(number)).map_err(|_| wrong())?;
    let modules: Vec<bool> = encoded.encode().into_iter().map(|module| module == 1).collect();
    let count = u32::try_from(modules.len()).map_err(|_| wrong())?;
    let module = (WIDTH / (count + 2 * QUIET)).min(MAX_MODULE);
    if module == 0 {
        return Err(wrong());
    }
    let left = (WIDTH - count * module) / 2;
    Ok(Bars { left, top: BARS_TOP, height: BARS, module, modules, text: number.to_owned() })
}

/// The number with the marks by which the encoder changes its code sets: pairs of digits take one symbol in set C, anything else
/// stands in set B.
fn code_sets(number: &str) -> String {
    const SET_B: char = '\u{0181}';
    const SET_C: char = '\u{0106}';
    let digits = number.bytes().rev().take_while(u8::is_ascii_digit).count();
    // An odd digit stays with the text before; fewer than four are not worth the change.
    let (head, tail) = number.split_at(number.len() - (digits - digits % 2));
    match (head.is_empty(), tail.len() >= 4) {
        (true, true) => format!("{SET_C}{tail}"),
        (false, true) => format!("{SET_B}{head}{SET_C}{tail}"),
        (_, false) => format!("{SET_B}{number}"),
    }
}

struct Writer {
    top: u32,
    texts: Vec<Text>,
    rules: Vec<Rule>,
}

impl Writer {
    /// The largest size, up to `most`, in which so many lines leave room for a rule and small lines above the bars.
    fn largest(&self, most: u32, lines: usize, small: &[String]) -> u32 {
        let height = |size: u32, lines: usize| u32::try_from(lines).unwrap_or(u32::MAX).saturating_mul(20 * size + 6);
        let room = BARS_TOP.saturating_sub(self.top + 21 + height(1, small.len()) + 36);
        (1..=most).rev().find(|size| height(*size, lines) <= room).unwrap_or(1)
    }

    /// Writes a line, as large as asked for and as small as it must be to fit.
    fn line(&mut self, size: u32, text: &str) {
        let plain = latin(text);
        let room = WIDTH - 2 * MARGIN;
        let size = (1..=size).rev().find(|size| glyphs(&plain) * 10 * size <= room).unwrap_or(1);
        let fitting: String = plain.chars().take((room / (10 * size)) as usize).collect();
        self.texts.push(Text { left: MARGIN, top: self.top, size, text: fitting });
        self.top += 20 * size + 6;
    }

    fn rule(&mut self) {
        self.rules.push(Rule { left: MARGIN, top: self.top + 6, width: WIDTH - 2 * MARGIN, height: 3 });
        self.top += 21;
    }
}

/// The text in letters that printers have: Latin-1 as it is, anything else in its nearest Latin spelling.
fn latin(text: &str) -> String {
    let spelled = |c: char| match c {
        ' '..='~' | '\u{a1}'..='\u{ff}' => c.to_string(),
        c => deunicode::deunicode_char(c).unwrap_or("?").to_owned(),
    };
    text.chars().map(spelled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_that_printers_have() {
        assert_eq!(latin("Łódź, Köln, Αθήνα"), "Lódz, Köln, Athena");
    }

    proptest! {
        #[test]
        fn every_tracking_number_has_bars_that_fit(number in "[A-Za-z0-9._-]{1,50}") {
            let bars = bars(&number).unwrap();
            let width = bars.modules.len() as u32 * bars.module;
            prop_assert!(bars.left >= QUIET * bars.module && bars.left + width + QUIET * bars.module <= WIDTH);
            let dark: u32 = bars.rules().iter().map(|rule| rule.width).sum();
            prop_assert_eq!(dark, bars.modules.iter().filter(|dark| **dark).count() as u32 * bars.module);
        }
    }
}
