//! Makes lines and words of glyphs that lie somewhere on a page.
//!
//! The order is the writer's. A glyph that is not where the one before it ended begins a new line
//! where it is higher or lower, or far to the left, and a new word where there is a gap.

use crate::pdf_matrix::Matrix;
use crate::{DocumentFault, Limits};

/// A gap as wide as this part of a letter's height parts two words.
const WORD_GAP: f64 = 0.2;
/// So far up or down is another line; less is a raised digit.
const LINE_SHIFT: f64 = 0.5;
/// So far back is another line, or another column.
const LINE_BACK: f64 = 1.0;

/// The text of all pages, as far as they were read.
pub(crate) struct Lines<'l> {
    limits: &'l Limits,
    text: String,
    /// Where the text of this page begins.
    page: usize,
    /// Where the last glyph ended, and how high its letters are.
    end: Option<(f64, f64, f64)>,
    /// Whether part of the text could not be read.
    pub(crate) incomplete: bool,
}

impl<'l> Lines<'l> {
    pub(crate) const fn new(limits: &'l Limits) -> Self {
        Self { limits, text: String::new(), page: 0, end: None, incomplete: false }
    }

    /// A glyph that stands for this text, `advance` wide; `at` leads from it to the page.
    pub(crate) fn glyph(
        &mut self,
        text: &str,
        at: &Matrix,
        size: f64,
        advance: f64,
    ) -> Result<(), DocumentFault> {
        let (x, y) = at.apply(0.0, 0.0);
        let (right, down, height) = at.baseline();
        let em = (height * size).abs();
        if let Some((from_x, from_y, from_em)) = self.end {
            // A raised digit is smaller than the line that it belongs to.
            let em = em.max(from_em);
            let along = (x - from_x) * right + (y - from_y) * down;
            let across = (y - from_y) * right - (x - from_x) * down;
            if across.abs() > LINE_SHIFT * em || along < -LINE_BACK * em {
                self.end_line();
            } else if along > WORD_GAP * em {
                self.space();
            }
        }
        let (end_x, end_y) = at.apply(advance, 0.0);
        self.end = Some((end_x, end_y, em));
        for character in text.chars() {
            if character == ' ' || character == '\u{a0}' {
                self.space();
            } else if !character.is_control() {
                self.text.push(character);
            }
        }
        self.limits.check_text(self.text.len())
    }

    fn space(&mut self) {
        if !self.at_line_start() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    fn at_line_start(&self) -> bool {
        self.text.len() <= self.page || self.text.ends_with('\n')
    }

    fn end_line(&mut self) {
        self.trim();
        if !self.at_line_start() {
            self.text.push('\n');
        }
    }

    /// Takes away the spaces at the end of a line.
    fn trim(&mut self) {
        while self.text.len() > self.page && self.text.ends_with(' ') {
            self.text.pop();
        }
    }

    /// The page ends; an empty line parts it from the next one that has text.
    pub(crate) fn end_page(&mut self) {
        self.end_line();
        if self.text.len() > self.page {
            self.text.push('\n');
        }
        self.page = self.text.len();
        self.end = None;
    }

    /// All of the text.
    pub(crate) fn into_text(mut self) -> String {
        self.text.truncate(self.text.trim_end_matches('\n').len());
        self.text
    }
}
