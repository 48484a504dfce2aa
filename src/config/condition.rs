//! Conditions of `.if`, `.elif` and `-cc`: parsed whole, then evaluated from left to right as far as needed.
//!
//! # Source
//! configuration.txt 2.4; where it is silent, a running haproxy 2.6.

mod predicate;
#[cfg(test)]
mod tests;
mod version;

use crate::config::build::Build;
use crate::config::expand::{Environment, Scope};
use crate::config::lexer;
use predicate::{Call, parse_call};

/// Deepest nesting of parentheses.
pub const DEPTH_MAX: usize = 128;

/// Why a condition cannot be answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConditionError {
    /// What is wrong, without the place.
    pub text: String,
    /// Byte of the expression where it is wrong, from 0.
    pub at: usize,
}

/// What the predicates may look at.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The program.
    pub build: &'a Build,
    /// The variables, for `defined()`.
    pub env: &'a Environment,
}

/// Whether the expression holds. Quotes and variables of the line are already resolved.
///
/// # Errors
/// A term that cannot be read, wherever it stands, or one that is needed and cannot be answered.
pub fn evaluate(text: &[u8], facts: &Facts) -> Result<bool, ConditionError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    if text.is_empty() {
        return Ok(false);
    }
    let expression = parser.any()?.ok_or_else(|| {
        let text = format!("unparsable conditional sub-expression '{}'", String::from_utf8_lossy(text));
        ConditionError { text, at: 0 }
    })?;
    match parser.rest().first() {
        None => holds(&expression, facts),
        Some(&c) => {
            let text = format!(
                "unexpected character '{}' at the end of conditional expression '{}'",
                c as char,
                String::from_utf8_lossy(text)
            );
            Err(ConditionError { text, at: parser.at })
        }
    }
}

/// Answers the argument of `-cc`: it is unquoted and expanded first, but `#` begins no comment.
///
/// # Errors
/// The text for the operator, to be shown behind `config : `.
pub fn evaluate_argument(argument: &[u8], facts: &Facts) -> Result<bool, String> {
    let scope = Scope { env: facts.env, file: "", line: 0, section: "" };
    let text = lexer::unquote(argument, &scope).map_err(|e| {
        let reason = e.kind.reason();
        let (first, rest) = reason.split_at(1);
        format!("Syntax Error in condition: {}{rest}.", first.to_uppercase())
    })?;
    evaluate(&text, facts).map_err(|e| format!("Failed to evaluate condition: {}", e.text))
}

enum Expression {
    Number(bool),
    Call(Call),
    Not(Box<Expression>),
    /// All must hold.
    All(Vec<Expression>),
    /// One must hold.
    Any(Vec<Expression>),
}

fn holds(expression: &Expression, facts: &Facts) -> Result<bool, ConditionError> {
    match expression {
        Expression::Number(value) => Ok(*value),
        Expression::Call(call) => call.holds(facts),
        Expression::Not(inner) => Ok(!holds(inner, facts)?),
        Expression::All(terms) => {
            for term in terms {
                if !holds(term, facts)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Expression::Any(terms) => {
            for term in terms {
                if holds(term, facts)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// Recursive descent: any = all { "||" all }, all = term { "&&" term }.
///
/// A rule answers `Ok(None)` where the text ends before it begins; the caller knows what to blame.
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

type Parsed = Result<Option<Expression>, ConditionError>;

impl Parser<'_> {
    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().iter().take_while(|c| matches!(c, b' ' | b'\t')).count();
    }

    fn any(&mut self) -> Parsed {
        let start = self.at;
        let Some(first) = self.all()? else { return Ok(None) };
        let mut terms = vec![first];
        while self.rest().starts_with(b"||") {
            let operator = self.at;
            self.at += 2;
            self.skip_blanks();
            match self.all()? {
                Some(term) => terms.push(term),
                None => return Err(ConditionError { at: operator, ..self.unparsable(start) }),
            }
        }
        Ok(Some(one_or(terms, Expression::Any)))
    }

    fn all(&mut self) -> Parsed {
        let Some(first) = self.term()? else { return Ok(None) };
        let mut terms = vec![first];
        let mut operator = self.at;
        while self.rest().starts_with(b"&&") {
            // A chain is blamed from its first operator on, as the reference does.
            operator = operator.min(self.at);
            self.at += 2;
            self.skip_blanks();
            terms.push(self.term()?.ok_or_else(|| self.unparsable(operator))?);
        }
        Ok(Some(one_or(terms, Expression::All)))
    }

    fn term(&mut self) -> Parsed {
        let start = self.at;
        self.skip_blanks();
        let first = self.at;
        let mut negated = false;
        while self.rest().first() == Some(&b'!') {
            negated = !negated;
            self.at += 1;
            self.skip_blanks();
        }
        let expression = match self.rest().first() {
            None if self.at == first => return Ok(None),
            None => return Err(self.unparsable(start)),
            Some(b'(') => self.parentheses(start)?,
            Some(_) => match self.number() {
                Some(value) => Expression::Number(value),
                None => match parse_call(self.text, self.at)? {
                    Some((call, end)) => {
                        self.at = end;
                        Expression::Call(call)
                    }
                    None => return Err(self.unparsable(start)),
                },
            },
        };
        self.skip_blanks();
        Ok(Some(if negated { Expression::Not(Box::new(expression)) } else { expression }))
    }

    fn parentheses(&mut self, start: usize) -> Result<Expression, ConditionError> {
        if self.depth == DEPTH_MAX {
            let text = format!("too many nested parentheses, max is {DEPTH_MAX}");
            return Err(ConditionError { text, at: start });
        }
        self.at += 1;
        self.skip_blanks();
        self.depth += 1;
        let inner = self.any()?.ok_or_else(|| self.unparsable(start))?;
        self.depth -= 1;
        if self.rest().first() != Some(&b')') {
            let from = String::from_utf8_lossy(&self.text[start..]);
            let text = format!("expected ')' after conditional expression '{from}'");
            return Err(ConditionError { text, at: start });
        }
        self.at += 1;
        Ok(inner)
    }

    /// An integer as C writes it: sign, `0x`, leading `0` for octal. Only whether it is zero counts.
    fn number(&mut self) -> Option<bool> {
        let rest = self.rest();
        let sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
        let digits = |from: usize, radix: u32| {
            rest.iter().skip(from).take_while(|&&c| (c as char).is_digit(radix)).count()
        };
        let body = &rest[sign..];
        let hex = body.len() > 2 && body[0] == b'0' && body[1] | 0x20 == b'x' && digits(sign + 2, 16) > 0;
        let (from, count) = if hex {
            (sign + 2, digits(sign + 2, 16))
        } else if body.first() == Some(&b'0') {
            (sign, digits(sign, 8))
        } else {
            (sign, digits(sign, 10))
        };
        if count == 0 {
            return None;
        }
        let value = rest[from..from + count].iter().any(|&c| c != b'0');
        self.at += from + count;
        Some(value)
    }

    fn unparsable(&self, from: usize) -> ConditionError {
        let rest = String::from_utf8_lossy(self.text.get(from..).unwrap_or_default());
        ConditionError { text: format!("unparsable conditional expression '{rest}'"), at: from }
    }
}

fn one_or(mut terms: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        last => {
            terms.extend(last);
            many(terms)
        }
    }
}
