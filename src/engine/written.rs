//! Messages as texts.
//!
//! What the standard library has for it promises that writing cannot fail, and says so where it
//! does: with that comes its way to fill texts up to a width, in the browser's module a hundredth
//! that nothing else asks for. So a text in a message is [`Plain`], and a message is made here.

use alloc::string::String;
use core::fmt;

/// What these arguments say.
pub fn written(arguments: fmt::Arguments<'_>) -> String {
    let mut text = String::new();
    // To write to a text fails only where an argument says that it has no text form; none does.
    let _ = fmt::write(&mut text, arguments);
    text
}

/// As the standard library's, by [`written`].
macro_rules! format {
    ($($argument:tt)*) => {
        $crate::written::written(core::format_args!($($argument)*))
    };
}
pub(crate) use format;

/// A text in a message, as it is.
pub(crate) struct Plain<'text>(pub(crate) &'text str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
