//! What a keyword row is: the one place that says where a word is legal, how many arguments it
//! takes, what it means and whether it does anything.
//!
//! Error messages, "did you mean", `-dK` and docs/KEYWORDS.md all come from rows.

use super::cx::Cx;

/// Sections in which a keyword is legal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sections(u8);

impl Sections {
    /// `global`
    pub const GLOBAL: Sections = Sections(1);
    /// `defaults`
    pub const DEFAULTS: Sections = Sections(2);
    /// `frontend`
    pub const FRONTEND: Sections = Sections(4);
    /// `backend`
    pub const BACKEND: Sections = Sections(8);
    /// `listen`
    pub const LISTEN: Sections = Sections(16);
    /// `http-errors`
    pub const HTTP_ERRORS: Sections = Sections(32);
    /// Every section that may have answers of the operator's own.
    pub const ANSWERING: Sections = Sections(2 | 4 | 8 | 16 | 32);
    /// Every proxy section.
    pub const PROXY: Sections = Sections(2 | 4 | 8 | 16);
    /// Every proxy section that has a name of its own.
    pub const NAMED: Sections = Sections(4 | 8 | 16);
    /// Where clients arrive, and `defaults`.
    pub const FRONT: Sections = Sections(2 | 4 | 16);
    /// Where clients arrive.
    pub const FRONT_NAMED: Sections = Sections(4 | 16);
    /// Where servers live, and `defaults`.
    pub const BACK: Sections = Sections(2 | 8 | 16);
    /// Where servers live.
    pub const BACK_NAMED: Sections = Sections(8 | 16);

    /// Whether every section of `other` is among these.
    pub const fn contains(self, other: Sections) -> bool {
        self.0 & other.0 == other.0
    }

    /// Section words, in the order of the manual's matrix.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [
            (Sections::GLOBAL, "global"),
            (Sections::DEFAULTS, "defaults"),
            (Sections::FRONTEND, "frontend"),
            (Sections::LISTEN, "listen"),
            (Sections::BACKEND, "backend"),
            (Sections::HTTP_ERRORS, "http-errors"),
        ]
        .into_iter()
        .filter(move |(section, _)| self.contains(*section))
        .map(|(_, name)| name)
    }
}

/// How many words may follow a keyword.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arity {
    /// Fewer is an error.
    pub min: usize,
    /// More is an error.
    pub max: usize,
    /// What is said behind the quoted keyword when there are too few.
    pub missing: &'static str,
}

impl Arity {
    /// No argument.
    pub const NONE: Arity = Arity { min: 0, max: 0, missing: "" };
    /// Any number, judged by the handler.
    pub const ANY: Arity = Arity { min: 0, max: usize::MAX, missing: "" };

    /// Exactly one, `missing` says what is expected.
    pub const fn one(missing: &'static str) -> Arity {
        Arity { min: 1, max: 1, missing }
    }

    /// At least one; the handler judges the rest.
    pub const fn some(missing: &'static str) -> Arity {
        Arity { min: 1, max: usize::MAX, missing }
    }

    /// At most `max`; the handler judges whether there are enough.
    pub const fn up_to(max: usize) -> Arity {
        Arity { min: 0, max, missing: "" }
    }
}

/// Whether a keyword does something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It does what the manual says.
    Works,
    /// It is accepted and checked but cannot matter here, for this reason.
    NoOp(&'static str),
}

/// One keyword. `H` is what runs: see [`Directive`], [`super::bind_line::BindOption`] and
/// [`super::server_line::ServerOption`].
#[derive(Clone, Copy, Debug)]
pub struct Row<H> {
    /// The keyword; two words where the second selects, as in `timeout client`.
    pub name: &'static str,
    /// Where it is legal.
    pub sections: Sections,
    /// Its arguments.
    pub arity: Arity,
    /// Arguments and meaning, one line.
    pub help: &'static str,
    /// Whether it does something.
    pub status: Status,
    /// What runs.
    pub handler: H,
    /// Whether the handler itself warns in a proxy that lacks the side it is for.
    pub warns_itself: bool,
}

/// A row that stands at the start of a line.
pub type Directive = Row<fn(&mut Cx<'_>)>;

/// A row that works.
pub const fn row<H: Copy>(
    name: &'static str,
    sections: Sections,
    arity: Arity,
    help: &'static str,
    handler: H,
) -> Row<H> {
    Row { name, sections, arity, help, status: Status::Works, handler, warns_itself: false }
}

/// A row that is accepted and cannot matter, `why` being the reason.
pub const fn no_op<H: Copy>(
    name: &'static str,
    sections: Sections,
    arity: Arity,
    why: &'static str,
    handler: H,
) -> Row<H> {
    Row { name, sections, arity, help: "", status: Status::NoOp(why), handler, warns_itself: false }
}

/// Handler of a directive row that has nothing to store.
pub fn ignore(_: &mut Cx<'_>) {}

/// The row for a line that begins with `first` and `second`, legal in `section`: a two-word row
/// before a one-word one.
pub fn find<H>(
    tables: &[&'static [Row<H>]],
    section: Sections,
    first: &str,
    second: &str,
) -> Option<&'static Row<H>> {
    let rows = || tables.iter().flat_map(|t| t.iter()).filter(|r| r.is_near(section));
    let two = rows().find(|r| r.name.split_once(' ') == Some((first, second)));
    two.or_else(|| rows().find(|r| r.name == first))
}

impl<H: Copy> Row<H> {
    /// The row of a keyword whose wording differs where it cannot matter.
    pub const fn warning_itself(mut self) -> Self {
        self.warns_itself = true;
        self
    }
}

impl<H> Row<H> {
    /// Whether the row belongs to the kind of section that `section` is: its own rows to `global` and `http-errors`,
    /// proxy rows to any proxy section, even one where the keyword is not legal.
    pub fn is_near(&self, section: Sections) -> bool {
        if section == Sections::GLOBAL || section == Sections::HTTP_ERRORS {
            self.sections.contains(section)
        } else {
            self.sections != Sections::GLOBAL
        }
    }

    /// How many words of a line the keyword itself takes.
    pub fn words(&self) -> usize {
        1 + usize::from(self.name.contains(' '))
    }
}
