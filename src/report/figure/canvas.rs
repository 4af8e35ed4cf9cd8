//! Writes SVG: shapes with classes, groups with ids and titles, text that is escaped.
//!
//! Also a backend of plotters, for charts. Bytes depend on nothing but what is drawn: numbers have
//! one decimal at most.

use std::convert::Infallible;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    text_anchor::{HPos, VPos},
};

use super::super::xml::escaped;
use super::measure::{Font, width};
use super::theme::{self, Ink};
use histcheck_history::{put, putln};

/// A drawing that grows.
pub(super) struct Canvas {
    out: String,
    size: (u32, u32),
}

/// Where something is drawn: from `left` to `right`, below `top`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
}

/// Where a text stands, from its point on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    /// To its right.
    Start,
    /// Around it.
    Middle,
    /// To its left.
    End,
}

impl Canvas {
    /// An empty drawing of so many pixels; `name` and `about` say what it shows to who cannot see.
    pub(super) fn new(size: (u32, u32), name: &str, about: &str) -> Canvas {
        let mut out = String::with_capacity(1 << 14);
        let (width, height) = size;
        put!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"name about\">\n\
             <title id=\"name\">{}</title>\n<desc id=\"about\">{}</desc>\n<style>{}</style>\n",
            escaped(name),
            escaped(about),
            theme::STYLE,
        );
        let mut canvas = Canvas { out, size };
        canvas.rect((0.0, 0.0), (f64::from(width), f64::from(height)), "paper");
        canvas
    }

    /// Adds classes to those of the theme.
    pub(super) fn style(&mut self, style: &str) {
        putln!(self.out, "<style>{style}</style>");
    }

    /// The whole drawing.
    pub(super) fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }

    /// Draws something as one: with a class, an id and a title (what is shown when the pointer
    /// rests on it), each unless empty.
    pub(super) fn group(&mut self, [class, id, title]: [&str; 3], draw: impl FnOnce(&mut Canvas)) {
        self.out.push_str("<g");
        for (name, value) in [("id", id), ("class", class)] {
            if !value.is_empty() {
                put!(self.out, " {name}=\"{}\"", escaped(value));
            }
        }
        self.out.push('>');
        if !title.is_empty() {
            put!(self.out, "<title>{}</title>", escaped(title));
        }
        self.out.push('\n');
        draw(self);
        self.out.push_str("</g>\n");
    }

    pub(super) fn rect(&mut self, at: (f64, f64), size: (f64, f64), class: &str) {
        let (x, y, width, height) = (number(at.0), number(at.1), number(size.0), number(size.1));
        putln!(
            self.out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
        );
    }

    /// A rectangle with round corners.
    pub(super) fn bar(&mut self, at: (f64, f64), size: (f64, f64), class: &str) {
        let (x, y, width, height) = (number(at.0), number(at.1), number(size.0), number(size.1));
        putln!(
            self.out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             rx=\"4\"/>"
        );
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        self.path(
            &format!("M{} {}L{} {}", number(from.0), number(from.1), number(to.0), number(to.1)),
            class,
        );
    }

    /// A line through all these points.
    pub(super) fn polyline(&mut self, points: &[(f64, f64)], class: &str) {
        let mut path = String::new();
        for (at, point) in points.iter().enumerate() {
            let command = if at == 0 { 'M' } else { 'L' };
            put!(path, "{command}{} {}", number(point.0), number(point.1));
        }
        self.path(&path, class);
    }

    /// A path in SVG's own terms.
    pub(super) fn path(&mut self, path: &str, class: &str) {
        putln!(self.out, "<path class=\"{class}\" d=\"{path}\"/>");
    }

    pub(super) fn circle(&mut self, at: (f64, f64), radius: f64, class: &str) {
        let (x, y, r) = (number(at.0), number(at.1), number(radius));
        putln!(self.out, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>");
    }

    /// A text whose baseline starts, has its middle or ends at a point.
    pub(super) fn text(&mut self, at: (f64, f64), anchor: Anchor, class: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y) = (number(at.0), number(at.1));
        putln!(
            self.out,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{}</text>",
            escaped(text)
        );
    }
}

/// A number of pixels, with one decimal at most.
pub(super) fn number(pixels: f64) -> String {
    let tenths = (pixels * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    match (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, tenth) => format!("{sign}{whole}.{tenth}"),
    }
}

/// What went wrong with a drawing: nothing can.
type Failure = DrawingErrorKind<Infallible>;

fn pixels((x, y): BackendCoord) -> (f64, f64) {
    (f64::from(x), f64::from(y))
}

fn stroke(color: BackendColor) -> Option<&'static str> {
    (color.alpha > 0.0).then(|| Ink::of(color.rgb).stroke())
}

fn fill(color: BackendColor) -> Option<&'static str> {
    (color.alpha > 0.0).then(|| {
        if color.alpha < 1.0 { Ink::of(color.rgb).wash() } else { Ink::of(color.rgb).fill() }
    })
}

impl DrawingBackend for Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Result<(), Failure> {
        if let Some(class) = fill(color) {
            self.rect(pixels(point), (1.0, 1.0), class);
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), Failure> {
        if let Some(class) = stroke(style.color()) {
            self.line(pixels(from), pixels(to), class);
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        is_filled: bool,
    ) -> Result<(), Failure> {
        let class = if is_filled { fill(style.color()) } else { stroke(style.color()) };
        let ((left, top), (right, bottom)) = (pixels(upper_left), pixels(bottom_right));
        if let Some(class) = class {
            let at = (left.min(right), top.min(bottom));
            self.rect(at, ((right - left).abs(), (bottom - top).abs()), class);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), Failure> {
        let points: Vec<(f64, f64)> = path.into_iter().map(pixels).collect();
        if let Some(class) = stroke(style.color()).filter(|_| points.len() > 1) {
            self.polyline(&points, class);
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        is_filled: bool,
    ) -> Result<(), Failure> {
        let class = if is_filled { fill(style.color()) } else { stroke(style.color()) };
        if let Some(class) = class {
            self.circle(pixels(center), f64::from(radius), class);
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Result<(), Failure> {
        let points: Vec<(f64, f64)> = corners.into_iter().map(pixels).collect();
        if let Some(class) = fill(style.color()).filter(|_| points.len() > 2) {
            self.polyline(&points, class);
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        at: BackendCoord,
    ) -> Result<(), Failure> {
        let (x, mut y) = pixels(at);
        let anchor = match style.anchor().h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        y += match style.anchor().v_pos {
            VPos::Top => 0.8 * theme::SMALL,
            VPos::Center => 0.35 * theme::SMALL,
            VPos::Bottom => 0.0,
        };
        self.text((x, y), anchor, "small", text);
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        _: &S,
    ) -> Result<(u32, u32), Failure> {
        Ok((width(text, Font::Sans, theme::SMALL).ceil() as u32, theme::SMALL as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shown = [1.0, 0.04, 0.05, 12.34, -0.01, -3.25, 1e6].map(number);
        assert_eq!(shown, ["1", "0", "0.1", "12.3", "0", "-3.3", "1000000"]);
    }
}
