//! Bounds on SQL text, checked on its tokens before the parser sees them. The parser guards its own
//! recursion, but a chain such as `1+1+1+…` makes a tree as deep as it is long without any recursion,
//! and everything that later walks the tree would overflow the stack.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::GuardError;

/// The longest text that is read.
pub(super) const MAX_BYTES: usize = 200_000;
/// Words, literals and signs in one text. Each may become a node of the syntax tree: a list of 20,000 numbers has twice as many,
/// and takes 14 MB.
pub(super) const MAX_TOKENS: usize = 40_960;
/// Items of all clauses of a statement (SELECT, FROM, ORDER BY and their like), which take 1.7 KB each.
const MAX_ITEMS: usize = 4_096;
/// Common table expressions and windows in one statement. PostgreSQL plans a chain of them in the cube of its length, and
/// looks at no request to cancel meanwhile: 200 take it five seconds, 400 more than any deadline.
const MAX_NAMED: usize = 100;
/// Statements in one text.
pub(super) const MAX_STATEMENTS: usize = 50;
/// Parentheses, brackets and braces inside one another.
const MAX_NESTING: usize = 48;
/// Operators in a row, nested ones added: the depth of the syntax tree.
const MAX_CHAIN: usize = 1_000;

/// One open bracket, or the outermost level.
#[derive(Default, Clone, Copy)]
struct Level {
    chain: usize,
    deepest_child: usize,
    deepest_segment: usize,
    /// Whether its commas are between the items of a clause, not between values.
    is_clause: bool,
}

impl Level {
    fn segment(self) -> usize {
        self.chain + self.deepest_child
    }

    fn depth(self) -> usize {
        self.deepest_segment.max(self.segment())
    }

    fn end_segment(&mut self) {
        *self = Self {
            deepest_segment: self.depth(),
            is_clause: self.is_clause,
            ..Self::default()
        };
    }
}

/// Refuses tokens whose syntax tree would be too deep, and gives a bound on how deep it is.
pub(super) fn check(tokens: &[TokenWithSpan]) -> Result<usize, GuardError> {
    if named(tokens) > MAX_NAMED {
        return Err(GuardError::TooComplex(
            "more than a hundred common table expressions",
        ));
    }
    let mut items = 0;
    let mut deepest = 0;
    let mut levels = vec![Level::default()];
    for token in tokens {
        let top = levels.len() - 1;
        if let Token::Word(word) = &token.token {
            levels[top].is_clause = match word.keyword {
                Keyword::SELECT | Keyword::FROM | Keyword::BY | Keyword::USING => true,
                Keyword::VALUES => false,
                _ => levels[top].is_clause,
            };
        }
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                if levels.len() > MAX_NESTING {
                    return Err(GuardError::TooComplex("brackets are nested too deeply"));
                }
                // A call or an index is a link of a chain as well: `a[1][2][3]`.
                levels[top].chain += 1;
                levels.push(Level::default());
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                if let [.., outer, closed] = levels.as_mut_slice() {
                    outer.deepest_child = outer.deepest_child.max(closed.depth());
                    levels.pop();
                }
            }
            Token::Comma => {
                items += usize::from(levels[top].is_clause);
                if items > MAX_ITEMS {
                    return Err(GuardError::TooComplex("more than 4,096 items of clauses"));
                }
                levels[top].end_segment();
            }
            Token::SemiColon => {
                levels.truncate(1);
                levels[0] = Level::default();
            }
            other if links(other) => levels[top].chain += 1,
            _ => {}
        }
        let depth: usize = levels.iter().map(|level| level.depth()).sum();
        deepest = deepest.max(depth + levels.len());
        if depth > MAX_CHAIN {
            return Err(GuardError::TooComplex(
                "more than a thousand operators in a row; use IN (…) for long lists",
            ));
        }
    }
    Ok(deepest)
}

/// How often something in parentheses is given a name: `AS (`, `AS MATERIALIZED (`, `AS NOT MATERIALIZED (`.
fn named(tokens: &[TokenWithSpan]) -> usize {
    let mut is_after_as = false;
    let mut count = 0;
    for token in tokens {
        match &token.token {
            Token::Word(word) if word.keyword == Keyword::AS => is_after_as = true,
            Token::Word(word) if matches!(word.keyword, Keyword::NOT | Keyword::MATERIALIZED) => {}
            Token::LParen => count += usize::from(std::mem::take(&mut is_after_as)),
            _ => is_after_as = false,
        }
    }
    count
}

/// Whether a token may put one more level on the syntax tree.
fn links(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::XOR
                | Keyword::NOT
                | Keyword::IS
                | Keyword::NOTNULL
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::GLOB
                | Keyword::MATCH
                | Keyword::REGEXP
                | Keyword::SIMILAR
                | Keyword::BETWEEN
                | Keyword::COLLATE
                | Keyword::AT
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::MINUS
                | Keyword::JOIN
                | Keyword::SELECT
                | Keyword::CASE
                | Keyword::EXPLAIN
                | Keyword::DIV
                | Keyword::OVERLAPS
        ),
        Token::Number(..)
        | Token::Char(_)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::DollarQuotedString(_)
        | Token::Placeholder(_)
        | Token::Whitespace(_)
        | Token::Period
        | Token::EOF => false,
        _ => true,
    }
}
