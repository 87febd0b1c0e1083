//! Labels as PNG: black on white, the pages below each other.

use std::convert::Infallible;

use embedded_graphics::{
    Drawable, Pixel,
    draw_target::DrawTarget,
    geometry::{OriginDimensions, Point, Size},
    mono_font::{MonoTextStyle, iso_8859_1::FONT_10X20},
    pixelcolor::BinaryColor,
    primitives::{PrimitiveStyle, Rectangle, StyledDrawable},
    text::{Baseline, Text as Line},
};
use png::{BitDepth, ColorType, Encoder, PixelDimensions, Unit};

use super::{
    LabelFault,
    page::{HEIGHT, Page, Rule, Text, WIDTH},
};

/// Dots a metre: 203 an inch.
const DENSITY: u32 = 7992;

/// An image with a bit a dot; 1 is white.
struct Canvas {
    bits: Vec<u8>,
    pages: u32,
}

/// A part of the canvas where every dot is a square of several.
struct Zoomed<'a> {
    canvas: &'a mut Canvas,
    left: u32,
    top: u32,
    size: u32,
}

const ROW: u32 = WIDTH.div_ceil(8);

impl Canvas {
    fn new(pages: u32) -> Self {
        Self { bits: vec![0xff; (ROW * HEIGHT * pages) as usize], pages }
    }

    fn blacken(&mut self, x: u32, y: u32) {
        if x < WIDTH
            && let Some(byte) = self.bits.get_mut((y * ROW + x / 8) as usize)
        {
            *byte &= !(0x80 >> (x % 8));
        }
    }
}

impl OriginDimensions for Zoomed<'_> {
    fn size(&self) -> Size {
        Size::new((WIDTH - self.left) / self.size, (HEIGHT * self.canvas.pages - self.top) / self.size)
    }
}

impl DrawTarget for Zoomed<'_> {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<BinaryColor>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(Point { x, y }, _) in pixels.into_iter().filter(|Pixel(_, color)| color.is_on()) {
            let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { continue };
            let (left, top) = (self.left + x * self.size, self.top + y * self.size);
            for dot in 0..self.size * self.size {
                self.canvas.blacken(left + dot % self.size, top + dot / self.size);
            }
        }
        Ok(())
    }
}

pub(super) fn draw(pages: &[Page]) -> Result<Vec<u8>, LabelFault> {
    let count = u32::try_from(pages.len()).map_err(|e| LabelFault::Image(e.into()))?;
    let mut canvas = Canvas::new(count);
    for (offset, page) in (0..).step_by(HEIGHT as usize).zip(pages) {
        for rule in page.rules.iter().chain(&page.bars.rules()) {
            fill(&mut canvas, offset, rule);
        }
        for text in &page.texts {
            write(&mut canvas, offset, text);
        }
    }
    encode(&canvas).map_err(|e| LabelFault::Image(e.into()))
}

fn fill(canvas: &mut Canvas, offset: u32, rule: &Rule) {
    let area = Rectangle::new(Point::zero(), Size::new(rule.width, rule.height));
    let mut target = Zoomed { canvas, left: rule.left, top: offset + rule.top, size: 1 };
    let Ok(()) = area.draw_styled(&PrimitiveStyle::with_fill(BinaryColor::On), &mut target);
}

fn write(canvas: &mut Canvas, offset: u32, text: &Text) {
    let style = MonoTextStyle::new(&FONT_10X20, BinaryColor::On);
    let line = Line::with_baseline(&text.text, Point::zero(), style, Baseline::Top);
    let Ok(_) = line.draw(&mut Zoomed { canvas, left: text.left, top: offset + text.top, size: text.size });
}

fn encode(canvas: &Canvas) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, WIDTH, HEIGHT * canvas.pages);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    encoder.set_pixel_dims(Some(PixelDimensions { xppu: DENSITY, yppu: DENSITY, unit: Unit::Meter }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&canvas.bits)?;
    writer.finish()?;
    Ok(bytes)
}
