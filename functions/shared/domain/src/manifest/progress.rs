//! Which objects of a bundle are applied, across the invocations that an apply may take.

use std::fmt::Write;

/// Marks for each object of a bundle, in the order in which they are applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    marks: Vec<bool>,
    made: Vec<bool>,
    count: usize,
}

impl Done {
    /// Nothing is done of so many.
    #[must_use]
    pub fn nothing(of: usize) -> Self {
        Self { marks: vec![false; of], made: vec![false; of], count: 0 }
    }

    /// As it was written; nothing is done where it was written for another number of objects, or cannot be read.
    #[must_use]
    pub fn read(text: &str, of: usize) -> Self {
        let (done, made) = text.split_once('/').unwrap_or((text, ""));
        let Some(marks) = read(done, of) else { return Self::nothing(of) };
        let count = marks.iter().filter(|mark| **mark).count();
        Self { marks, made: read(made, of).unwrap_or_else(|| vec![false; of]), count }
    }

    /// As text: a hexadecimal digit for four objects, and after a slash the same of those that are only made, where some are.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = write(&self.marks);
        if self.made.contains(&true) {
            text = text + "/" + &write(&self.made);
        }
        text
    }

    /// Notes that an object is there, which is not done by that.
    pub fn make(&mut self, index: usize) {
        if let Some(made) = self.made.get_mut(index) {
            *made = true;
        }
    }

    /// Whether this object was noted to be there.
    #[must_use]
    pub fn is_made(&self, index: usize) -> bool {
        self.made.get(index).copied().unwrap_or(false)
    }

    /// Marks an object as done.
    pub fn mark(&mut self, index: usize) {
        if let Some(mark) = self.marks.get_mut(index).filter(|mark| !**mark) {
            *mark = true;
            self.count += 1;
        }
    }

    /// Whether this object is done.
    #[must_use]
    pub fn is(&self, index: usize) -> bool {
        self.marks.get(index).copied().unwrap_or(false)
    }

    /// How many are done.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Those that are not, in order.
    pub fn pending(&self) -> impl Iterator<Item = usize> {
        self.marks.iter().enumerate().filter(|(_, mark)| !**mark).map(|(index, _)| index)
    }
}

fn read(text: &str, of: usize) -> Option<Vec<bool>> {
    if text.len() != of.div_ceil(4) {
        return None;
    }
    let digits: Vec<u32> = text.bytes().map(|digit| char::from(digit).to_digit(16).unwrap_or(0)).collect();
    Some((0..of).map(|index| digits[index / 4] >> (index % 4) & 1 == 1).collect())
}

fn write(marks: &[bool]) -> String {
    let digit = |marks: &[bool]| marks.iter().rev().fold(0, |digit, mark| digit << 1 | u32::from(*mark));
    marks.chunks(4).fold(String::with_capacity(marks.len().div_ceil(4)), |mut text, marks| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{:x}", digit(marks));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (of, marked, expected) in
            [(0, vec![], ""), (1, vec![0], "1"), (6, vec![0, 3, 5], "92"), (9, vec![8], "001"), (4, vec![], "0")]
        {
            let mut done = Done::nothing(of);
            for index in &marked {
                done.mark(*index);
            }
            assert_eq!(done.write(), expected);
            assert_eq!(Done::read(expected, of), done);
            assert_eq!(done.count(), marked.len());
            assert_eq!(done.pending().count(), of - marked.len());
        }
    }

    #[test]
    fn what_is_made_only_is_written_too() {
        let mut done = Done::nothing(6);
        done.mark(0);
        done.make(5);
        assert_eq!(done.write(), "10/02");
        assert_eq!(Done::read("10/02", 6), done);
        assert_eq!((done.is(5), done.is_made(5), done.is_made(0), done.count()), (false, true, false, 1));
    }

    #[test]
    fn what_was_written_for_another_bundle_says_nothing() {
        assert_eq!(Done::read("ff", 4), Done::nothing(4));
        assert_eq!(Done::read("é", 8), Done::nothing(8));
    }

    #[test]
    fn an_object_is_counted_once() {
        let mut done = Done::nothing(2);
        done.mark(1);
        done.mark(1);
        done.mark(7);
        assert_eq!((done.count(), done.is(0), done.is(1)), (1, false, true));
    }
}
