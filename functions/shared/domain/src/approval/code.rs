//! The code that people type beside their answer on the approval page. It stands in the message and nowhere else: mail scanners
//! open links and submit forms, but they do not read a code in one place and type it in another.

use crate::digest::sha256;
use std::fmt;

/// Crockford's base 32 (<https://www.crockford.com/base32.html>): no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a code: 40 bits.
const LENGTH: usize = 8;

/// How many codes may be tried on a question within [`WINDOW`], right ones included. With 40 bits, that leaves whoever tries for
/// the 30 days that a question may be open a chance of one in ten million.
pub const MOST_TRIES: u32 = 20;

/// The time within which tries are counted, in seconds.
pub const WINDOW: i64 = 15 * 60;

/// What a code is typed for. The tries of each are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tried {
    /// The answer to the question of this number.
    Answer(super::Question, u32),
    /// Something that people do on the status page.
    Deed,
}

/// The code of one link.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code([u8; LENGTH]);

impl Code {
    /// The code that belongs to a signature of [`Link::code_text`](super::Link::code_text): nobody without the key can tell it.
    #[must_use]
    pub fn of(signature: &str) -> Self {
        let sum = sha256(signature.as_bytes());
        let bits = sum.iter().take(5).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        let mut code = [0; LENGTH];
        for (index, character) in code.iter_mut().rev().enumerate() {
            *character = ALPHABET[usize::try_from((bits >> (5 * index)) & 31).unwrap_or_default()];
        }
        Self(code)
    }

    /// Reads what people typed: in either case, with spaces and dashes where they like, and the letters that look like digits as
    /// these. Nothing where it has not the form of a code.
    #[must_use]
    pub fn read(typed: &str) -> Option<Self> {
        let mut code = [0; LENGTH];
        let mut characters = typed.chars().filter(|character| !character.is_whitespace() && *character != '-');
        for place in &mut code {
            let character = match characters.next()?.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            *place = u8::try_from(character).ok().filter(|byte| ALPHABET.contains(byte))?;
        }
        characters.next().is_none().then_some(Self(code))
    }

    /// Whether both are the same, in a time that says nothing of where they differ.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let different = self.0.iter().zip(&other.0).fold(0, |different, (one, another)| different | (one ^ another));
        std::hint::black_box(different) == 0
    }
}

impl fmt::Display for Code {
    /// As in the message: two groups of four.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let dash = if index == LENGTH / 2 { "-" } else { "" };
            write!(f, "{dash}{}", char::from(*byte))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_first_forty_bits_of_a_hash_of_the_signature() {
        // SHA-256 of "abc" begins with ba7816bf8f (FIPS 180-4), which is 10111 01001 11100 00001 01101 01111 11100 01111.
        assert_eq!(Code::of("abc").to_string(), "Q9W1-DFWF");
    }

    #[test]
    fn people_may_type_it_as_they_read_it() {
        let code = Code::read("Q9W1-DF0F").unwrap();
        for typed in ["q9w1df0f", " Q9W1 DF0F ", "Q9Wl-DFOF", "q-9-w-i d f o f"] {
            assert!(Code::read(typed).unwrap().is(&code), "{typed}");
        }
        for typed in ["", "Q9W1-DF0", "Q9W1-DF0F0", "Q9W1-DFUF", "Q9W1-DF/F", "Ä9W1-DF0F"] {
            assert_eq!(Code::read(typed), None, "{typed}");
        }
    }

    #[test]
    fn codes_that_differ_anywhere_are_not_the_same_and_none_is_printed() {
        let code = Code::read("Q9W1-DF0F").unwrap();
        for other in ["09W1-DF0F", "Q9W1-DF00", "Q9W2-DF0F"] {
            assert!(!code.is(&Code::read(other).unwrap()), "{other}");
        }
        assert!(!format!("{code:?}").contains("Q9W1"));
    }
}
