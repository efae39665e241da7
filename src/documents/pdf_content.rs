//! Reads the content of pages: which glyphs are shown, and where.

use crate::DocumentFault;
use crate::pdf_file::File;
use crate::pdf_font::Font;
use crate::pdf_lexer::{Lexer, is_space};
use crate::pdf_line::Lines;
use crate::pdf_matrix::Matrix;
use crate::pdf_value::{Dict, Value};
use std::rc::Rc;

/// Operands of one operator; all that are read have six or fewer.
const OPERANDS_MAX: usize = 8;
/// States that are kept for later.
const STATES_MAX: usize = 256;
/// How deep drawings are put into drawings.
const DRAWINGS_MAX: usize = 8;
/// Fonts and drawings that are kept, so that each page need not read them again.
const KEPT_MAX: usize = 64;
/// What beginning a drawing costs, however short it is.
const DRAWING_BYTES: usize = 128;
/// What placing a glyph costs, whatever it stands for.
const GLYPH_BYTES: usize = 16;

/// Reads one page after another.
pub(crate) struct Contents<'f, 'l> {
    file: &'f File<'f>,
    pub(crate) lines: Lines<'l>,
    /// By their numbers; few enough to be looked through.
    fonts: Vec<(u32, Rc<Font>)>,
    drawings: Vec<(u32, Rc<Drawing>)>,
}

/// Something that is drawn on several pages, or on one.
struct Drawing {
    content: Vec<u8>,
    resources: Option<Dict>,
    matrix: Matrix,
}

/// What is in force where a glyph is shown.
#[derive(Clone)]
struct State {
    to_page: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    character_space: f64,
    word_space: f64,
    scale: f64,
    leading: f64,
    rise: f64,
}

/// One content, with what it names.
struct Run<'r> {
    resources: &'r Dict,
    /// By the names that the content gives them.
    fonts: Vec<(Vec<u8>, Option<Rc<Font>>)>,
    state: State,
    kept: Vec<State>,
    text: Matrix,
    line: Matrix,
    depth: usize,
}

impl<'f, 'l> Contents<'f, 'l> {
    pub(crate) const fn new(file: &'f File<'f>, lines: Lines<'l>) -> Self {
        Self { file, lines, fonts: Vec::new(), drawings: Vec::new() }
    }

    /// Reads a page.
    pub(crate) fn page(&mut self, content: &[u8], resources: &Dict) -> Result<(), DocumentFault> {
        self.run(content, resources, Matrix::IDENTITY, 0)?;
        self.lines.end_page();
        Ok(())
    }

    fn run(
        &mut self,
        content: &[u8],
        resources: &Dict,
        to_page: Matrix,
        depth: usize,
    ) -> Result<(), DocumentFault> {
        self.file.work.lex(content.len().saturating_add(DRAWING_BYTES))?;
        let state = State {
            to_page,
            font: None,
            size: 0.0,
            character_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        let mut run = Run {
            resources,
            fonts: Vec::new(),
            state,
            kept: Vec::new(),
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
            depth,
        };
        let mut lexer = Lexer::new(content, 0, self.file.nesting_max);
        let mut operands: Vec<Value> = Vec::new();
        loop {
            lexer.skip_space();
            if lexer.peek().is_none() {
                return Ok(());
            }
            let Some(token) = lexer.token() else {
                self.lines.incomplete = true;
                return Ok(());
            };
            let Value::Word(operator) = token else {
                if operands.len() >= OPERANDS_MAX {
                    operands.clear();
                }
                operands.push(token);
                continue;
            };
            if operator == b"ID" {
                skip_picture(&mut lexer);
            } else {
                self.operate(&mut run, &operator, &operands)?;
            }
            operands.clear();
        }
    }

    fn operate(
        &mut self,
        run: &mut Run<'_>,
        operator: &[u8],
        operands: &[Value],
    ) -> Result<(), DocumentFault> {
        let number = |index: usize| operands.get(index).and_then(Value::number).unwrap_or(0.0);
        match operator {
            b"q" if run.kept.len() < STATES_MAX => run.kept.push(run.state.clone()),
            b"Q" => run.state = run.kept.pop().unwrap_or_else(|| run.state.clone()),
            b"cm" => run.state.to_page = matrix(operands).then(&run.state.to_page),
            b"BT" => (run.text, run.line) = (Matrix::IDENTITY, Matrix::IDENTITY),
            b"Tf" => {
                run.state.size = number(1);
                let name = operands.first().and_then(Value::name).unwrap_or_default();
                run.state.font = self.font(run, name)?;
            }
            b"Tc" => run.state.character_space = number(0),
            b"Tw" => run.state.word_space = number(0),
            b"Tz" => run.state.scale = number(0) / 100.0,
            b"TL" => run.state.leading = number(0),
            b"Ts" => run.state.rise = number(0),
            b"Tm" => (run.text, run.line) = (matrix(operands), matrix(operands)),
            b"Td" => run.next_line(number(0), number(1)),
            b"TD" => {
                run.state.leading = -number(1);
                run.next_line(number(0), number(1));
            }
            b"T*" => run.next_line(0.0, -run.state.leading),
            b"Tj" => self.show(run, operands.first())?,
            b"'" => {
                run.next_line(0.0, -run.state.leading);
                self.show(run, operands.first())?;
            }
            b"\"" => {
                run.state.word_space = number(0);
                run.state.character_space = number(1);
                run.next_line(0.0, -run.state.leading);
                self.show(run, operands.get(2))?;
            }
            b"TJ" => {
                for value in operands.first().and_then(Value::list).unwrap_or_default() {
                    match value.number() {
                        Some(back) => {
                            run.advance(-back / 1000.0 * run.state.size * run.state.scale);
                        }
                        None => self.show(run, Some(value))?,
                    }
                }
            }
            b"Do" => self.draw(run, operands.first().and_then(Value::name).unwrap_or_default())?,
            _ => {}
        }
        Ok(())
    }

    fn show(&mut self, run: &mut Run<'_>, text: Option<&Value>) -> Result<(), DocumentFault> {
        let mut rest = text.and_then(Value::text).unwrap_or_default();
        let Some(font) = run.state.font.clone() else {
            self.lines.incomplete |= !rest.is_empty();
            return Ok(());
        };
        // Each code is looked for in each of these.
        self.file.work.look(rest.len().saturating_mul(font.spaces()))?;
        while let Some(glyph) = font.next(rest) {
            rest = rest.get(glyph.bytes..).unwrap_or_default();
            let state = &run.state;
            let space = if glyph.space { state.word_space } else { 0.0 };
            let advance = (glyph.width * state.size + state.character_space + space) * state.scale;
            let at = Matrix::shift(0.0, state.rise).then(&run.text).then(&state.to_page);
            self.lines.incomplete |= glyph.text.is_none();
            let text = glyph.text.unwrap_or_default();
            self.file.work.look(text.len().saturating_add(GLYPH_BYTES))?;
            self.lines.glyph(&text, &at, state.size, advance)?;
            run.advance(advance);
        }
        Ok(())
    }

    fn font(&mut self, run: &mut Run<'_>, name: &[u8]) -> Result<Option<Rc<Font>>, DocumentFault> {
        if let Some((_, known)) = run.fonts.iter().find(|(known, _)| known == name) {
            return Ok(known.clone());
        }
        let fonts = self.file.get(run.resources, "Font")?;
        let place = fonts.dict().map_or(&Value::Null, |fonts| fonts.get_bytes(name));
        let font = match kept(&self.fonts, place) {
            Some(known) => Some(known),
            None => match self.file.resolve(place)?.dict() {
                Some(dict) => Some(Rc::new(Font::read(self.file, dict)?)),
                None => None,
            },
        };
        if let (Some(number), Some(font)) = (place.reference(), &font) {
            keep(&mut self.fonts, number, font);
        }
        if run.fonts.len() < KEPT_MAX {
            run.fonts.push((name.to_vec(), font.clone()));
        }
        Ok(font)
    }

    /// Draws what has this name, if it is a drawing and no picture.
    fn draw(&mut self, run: &Run<'_>, name: &[u8]) -> Result<(), DocumentFault> {
        if run.depth >= DRAWINGS_MAX {
            self.lines.incomplete = true;
            return Ok(());
        }
        let objects = self.file.get(run.resources, "XObject")?;
        let place = objects.dict().map_or(&Value::Null, |objects| objects.get_bytes(name));
        let drawing = match kept(&self.drawings, place) {
            Some(known) => known,
            None => match self.drawing(place)? {
                Some(drawing) => drawing,
                None => return Ok(()),
            },
        };
        if let Some(number) = place.reference() {
            keep(&mut self.drawings, number, &drawing);
        }
        let resources = drawing.resources.as_ref().unwrap_or(run.resources);
        let to_page = drawing.matrix.then(&run.state.to_page);
        self.run(&drawing.content, resources, to_page, run.depth.saturating_add(1))
    }

    fn drawing(&mut self, place: &Value) -> Result<Option<Rc<Drawing>>, DocumentFault> {
        let Value::Stream(stream) = self.file.resolve(place)? else { return Ok(None) };
        if !self.file.get(&stream.dict, "Subtype")?.is_name("Form") {
            return Ok(None);
        }
        let (content, whole) = self.file.decode(&stream)?;
        self.lines.incomplete |= !whole;
        let resources = self.file.get(&stream.dict, "Resources")?.dict().cloned();
        let matrix = match self.file.get(&stream.dict, "Matrix")?.list() {
            Some(list) => matrix(list),
            None => Matrix::IDENTITY,
        };
        Ok(Some(Rc::new(Drawing { content, resources, matrix })))
    }
}

impl Run<'_> {
    fn next_line(&mut self, x: f64, y: f64) {
        self.line = Matrix::shift(x, y).then(&self.line);
        self.text = self.line;
    }

    fn advance(&mut self, by: f64) {
        self.text = Matrix::shift(by, 0.0).then(&self.text);
    }
}

/// What was kept under a reference's number.
fn kept<T>(kept: &[(u32, Rc<T>)], place: &Value) -> Option<Rc<T>> {
    let number = place.reference()?;
    kept.iter().find(|(known, _)| *known == number).map(|(_, what)| Rc::clone(what))
}

/// Keeps what was read under its number; all of it is read anew where there is too much.
fn keep<T>(all: &mut Vec<(u32, Rc<T>)>, number: u32, what: &Rc<T>) {
    if all.iter().any(|(known, _)| *known == number) {
        return;
    }
    if all.len() >= KEPT_MAX {
        all.clear();
    }
    all.push((number, Rc::clone(what)));
}

fn matrix(operands: &[Value]) -> Matrix {
    let mut matrix = [0.0; 6];
    for (place, value) in matrix.iter_mut().zip(operands) {
        *place = value.number().unwrap_or(0.0);
    }
    Matrix(matrix)
}

/// Goes over the bytes of a picture that lies in the content itself.
fn skip_picture(lexer: &mut Lexer<'_>) {
    let rest = lexer.rest();
    let end = rest.windows(3).position(|part| match part {
        [before, b'E', b'I'] => is_space(*before),
        _ => false,
    });
    lexer.at = lexer.at.saturating_add(end.map_or(rest.len(), |end| end.saturating_add(3)));
}
