//! Splits SQL into tokens by the rules of the database that will read it.
//!
//! The parser's own tokenizer serves many databases at once and is exact for none: it takes SQLite's
//! integer `0x1F` for a blob, lets a comment run over a carriage return where PostgreSQL ends it, and
//! takes a no-break space for white space where both take it for a letter. What the guard checks must be
//! what the database reads, and the text is sent as it was written, so the rules here are those of
//! PostgreSQL's `scan.l` (12 to 17) and SQLite's `tokenize.c`.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use sqlparser::tokenizer::Token;

use super::GuardError;
use crate::Dialect;

/// A token, and the bytes of the text that it stands in. White space and comments have none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lexeme {
    /// Contents of literals and quoted names are as written: doubled quotes stay doubled.
    pub(super) token: Token,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The tokens of a text.
///
/// # Errors
/// `Syntax`: a literal or comment does not end, or a character starts no token.
pub(super) fn lex(dialect: Dialect, text: &str) -> Result<Vec<Lexeme>, GuardError> {
    let mut scanner = Scanner {
        text,
        at: 0,
        // About what SQL has: a token every five bytes.
        lexemes: Vec::with_capacity(text.len() / 5 + 4),
    };
    if let Some(at) = text.find('\0') {
        return Err(scanner.error(at, "it holds the character U+0000"));
    }
    dialect.rules().scan(&mut scanner)?;
    Ok(scanner.lexemes)
}

/// What a place in a text lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surroundings {
    /// Outside of quotes.
    Code,
    /// A literal or name in quotes.
    Quotes {
        /// It stands doubled inside.
        quote: char,
        /// A backslash stands doubled, too.
        has_escapes: bool,
    },
    /// A comment, or quotes in which not everything can be written.
    Other,
}

/// What each of the places lies in.
///
/// # Errors
/// As [`lex`].
pub(crate) fn surroundings(
    dialect: Dialect,
    text: &str,
    places: &[usize],
) -> Result<Vec<Surroundings>, GuardError> {
    let lexemes = lex(dialect, text)?;
    let around = |place: &usize| {
        let next = lexemes.partition_point(|lexeme| lexeme.end <= *place);
        match lexemes.get(next) {
            Some(lexeme) if lexeme.start <= *place => {
                quotes_of(&text[lexeme.start..lexeme.end], &lexeme.token)
            }
            _ => Surroundings::Other,
        }
    };
    Ok(places.iter().map(around).collect())
}

fn quotes_of(written: &str, token: &Token) -> Surroundings {
    let quote = match token {
        Token::Word(word) => word.quote_style,
        Token::SingleQuotedString(_) if written.starts_with('$') => Some('$'),
        Token::SingleQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::SingleQuotedByteStringLiteral(_) => Some('\''),
        _ => None,
    };
    match quote {
        None => Surroundings::Code,
        Some('[' | '$') => Surroundings::Other,
        Some(quote) => Surroundings::Quotes {
            quote,
            has_escapes: matches!(
                token,
                Token::EscapedStringLiteral(_) | Token::UnicodeStringLiteral(_)
            ),
        },
    }
}

/// Line and column of a byte, both counted from 1, columns in characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

pub(crate) struct Scanner<'a> {
    /// Holds no U+0000.
    text: &'a str,
    at: usize,
    lexemes: Vec<Lexeme>,
}

impl<'a> Scanner<'a> {
    /// The byte that many places on; 0 behind the end.
    fn peek(&self, ahead: usize) -> u8 {
        let bytes = self.text.as_bytes();
        bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn is_at(&self, text: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(text.as_bytes())
    }

    fn skip_while(&mut self, is_meant: impl Fn(u8) -> bool) {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().position(|byte| !is_meant(*byte));
        self.at += length.unwrap_or(rest.len());
    }

    fn from(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    fn push(&mut self, start: usize, token: Token) {
        self.lexemes.push(Lexeme {
            token,
            start,
            end: self.at,
        });
    }

    /// Reads from an opening quote to behind the closing one, a doubled one being part of the content,
    /// which is given as written.
    fn quoted(&mut self, close: u8, what: &str) -> Result<&'a str, GuardError> {
        let start = self.at;
        self.at += 1;
        loop {
            self.skip_while(|byte| byte != close);
            if self.peek(0) == 0 {
                return Err(self.error(start, &format!("a {what} does not end")));
            }
            if self.peek(1) != close {
                break;
            }
            self.at += 2;
        }
        let content = &self.text[start + 1..self.at];
        self.at += 1;
        Ok(content)
    }

    fn unexpected(&self) -> GuardError {
        let rest = &self.text[self.text.floor_char_boundary(self.at)..];
        let found: String = rest.chars().take(1).collect();
        let mut what = format!("syntax error at or near {found:?}");
        if rest.starts_with("{{") || rest.starts_with("{%") {
            what.push_str(", and templates are not filled in here");
        }
        self.error(self.at, &what)
    }

    fn error(&self, at: usize, what: &str) -> GuardError {
        let (line, column) = position(self.text, at);
        GuardError::Syntax(format!("{what} (line {line}, column {column})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of the tokens, and what each is.
    fn kinds(dialect: Dialect, text: &str) -> Vec<(String, &'static str)> {
        let lexemes = lex(dialect, text).unwrap_or_else(|err| panic!("{text}: {err}"));
        let kind = |token: &Token| match token {
            Token::Word(word) if word.quote_style.is_some() => "name",
            Token::Word(_) => "word",
            Token::Number(..) => "number",
            Token::SingleQuotedString(_) => "string",
            Token::EscapedStringLiteral(_) => "escapes",
            Token::UnicodeStringLiteral(_) => "unicode",
            Token::NationalStringLiteral(_) => "national",
            Token::HexStringLiteral(_) => "hex",
            Token::SingleQuotedByteStringLiteral(_) => "bits",
            Token::Placeholder(_) => "parameter",
            _ => "sign",
        };
        lexemes
            .iter()
            .map(|lexeme| {
                (
                    text[lexeme.start..lexeme.end].to_owned(),
                    kind(&lexeme.token),
                )
            })
            .collect()
    }

    fn check(dialect: Dialect, text: &str, expected: &[(&str, &str)]) {
        let found = kinds(dialect, text);
        let found: Vec<_> = found.iter().map(|(text, kind)| (&**text, *kind)).collect();
        assert_eq!(expected, found, "{text}");
    }

    #[test]
    fn postgresql_reads_literals_as_its_scanner_does() {
        for (text, expected) in [
            (r"'a\' 'b'", &[(r"'a\'", "string"), ("'b'", "string")][..]),
            (r"E'a\'b' x", &[(r"E'a\'b'", "escapes"), ("x", "word")]),
            (r"e'a''b\\' x", &[(r"e'a''b\\'", "escapes"), ("x", "word")]),
            ("'it''s'", &[("'it''s'", "string")]),
            ("'a'\n 'b'", &[("'a'\n 'b'", "string")]),
            ("'a' -- more\n'b'", &[("'a' -- more\n'b'", "string")]),
            (
                r"E'a'
              '\'' x",
                &[("E'a'\n              '\\''", "escapes"), ("x", "word")],
            ),
            ("'a' 'b'", &[("'a'", "string"), ("'b'", "string")]),
            ("'a' /* x\n */ 'b'", &[("'a'", "string"), ("'b'", "string")]),
            ("U&'\\0061'", &[("U&'\\0061'", "unicode")]),
            ("u &'a'", &[("u", "word"), ("&", "sign"), ("'a'", "string")]),
            (
                "x'1F' b'01' n'a'",
                &[("x'1F'", "hex"), ("b'01'", "bits"), ("n'a'", "national")],
            ),
            ("$$a'b$$ c", &[("$$a'b$$", "string"), ("c", "word")]),
            ("$a$ $$ $b$ $a$", &[("$a$ $$ $b$ $a$", "string")]),
            ("a$b$c", &[("a$b$c", "word")]),
            ("$1", &[("$1", "parameter")]),
            (
                r#""a""b" "C""#,
                &[(r#""a""b""#, "name"), (r#""C""#, "name")],
            ),
        ] {
            check(Dialect::PostgreSql, text, expected);
        }
    }

    #[test]
    fn postgresql_reads_operators_as_its_scanner_does() {
        let signs = |text: &str| -> Vec<String> {
            let lexemes = lex(Dialect::PostgreSql, text).unwrap();
            lexemes
                .iter()
                .map(|lexeme| lexeme.token.to_string())
                .collect()
        };
        for (text, expected) in [
            ("a<-5", vec!["a", "<", "-", "5"]),
            ("a=-5", vec!["a", "=", "-", "5"]),
            ("a*-+5", vec!["a", "*", "-", "+", "5"]),
            ("a@-5", vec!["a", "@-", "5"]),
            ("a!=-5", vec!["a", "!=-", "5"]),
            ("a!=5", vec!["a", "<>", "5"]),
            ("a<=5", vec!["a", "<=", "5"]),
            ("a*--b\n5", vec!["a", "*", "5"]),
            ("a@/*b*/5", vec!["a", "@", "5"]),
            ("a->>'b'#>'c'", vec!["a", "->>", "'b'", "#>", "'c'"]),
            ("a::b", vec!["a", "::", "b"]),
            (
                "f(a=>1,b:=2)",
                vec!["f", "(", "a", "=>", "1", ",", "b", ":=", "2", ")"],
            ),
            ("a[1:2]", vec!["a", "[", "1", ":", "2", "]"]),
            ("a<->b", vec!["a", "<->", "b"]),
            ("a~~*b", vec!["a", "~~*", "b"]),
            ("a|||b", vec!["a", "|||", "b"]),
        ] {
            assert_eq!(expected, signs(text), "{text}");
        }
    }

    #[test]
    fn comments_end_where_the_database_ends_them() {
        for (dialect, text, words) in [
            (Dialect::PostgreSql, "a -- b\rc", "a c"),
            (Dialect::Sqlite, "a -- b\rc", "a"),
            (Dialect::PostgreSql, "a /* b /* c */ d */ e", "a e"),
            (Dialect::Sqlite, "a /* b /* c */ d", "a d"),
            (Dialect::Sqlite, "a /* b", "a"),
            (Dialect::PostgreSql, "a --", "a"),
        ] {
            let found = kinds(dialect, text);
            let found: Vec<_> = found.into_iter().map(|(text, _)| text).collect();
            assert_eq!(words, found.join(" "), "{dialect:?} {text:?}");
        }
    }

    #[test]
    fn numbers_keep_their_form() {
        for (dialect, text, numbers) in [
            (Dialect::PostgreSql, "1 1.5 .5 1. 1e3 1.5E-3 1.e+2", 7),
            (
                Dialect::PostgreSql,
                "0x1F 0o17 0b101 1_000 0X_ff 1_0.5_0e1_0",
                6,
            ),
            (Dialect::Sqlite, "1 1.5 .5 1. 1e3 1.5E-3 0x1F 0XFF 1_000", 9),
        ] {
            let found = kinds(dialect, text);
            assert_eq!(numbers, found.len(), "{text}: {found:?}");
            assert!(found.iter().all(|(_, kind)| *kind == "number"), "{found:?}");
        }
        // Until version 14 a number and a name; an error since.
        let pair = &[("0", "number"), ("x1Fg", "word")];
        check(Dialect::PostgreSql, "0x1Fg", pair);
        check(Dialect::PostgreSql, "1e", &[("1", "number"), ("e", "word")]);
        check(Dialect::PostgreSql, "1_", &[("1", "number"), ("_", "word")]);
        check(
            Dialect::PostgreSql,
            "1from t",
            &[("1", "number"), ("from", "word"), ("t", "word")],
        );
        assert!(lex(Dialect::Sqlite, "0x1Fg").is_err());
    }

    #[test]
    fn sqlite_reads_names_and_strings_in_its_quotes() {
        check(
            Dialect::Sqlite,
            "[a b] `c``d` \"e\"\"f\" 'g''h' x'1f' a$b -> ->> <<",
            &[
                ("[a b]", "name"),
                ("`c``d`", "name"),
                ("\"e\"\"f\"", "name"),
                ("'g''h'", "string"),
                ("x'1f'", "hex"),
                ("a$b", "word"),
                ("->", "sign"),
                ("->>", "sign"),
                ("<<", "sign"),
            ],
        );
    }

    #[test]
    fn what_starts_no_token_is_refused_with_its_place() {
        for (dialect, text, part) in [
            (
                Dialect::PostgreSql,
                "select {{ x }}",
                "templates are not filled in",
            ),
            (Dialect::PostgreSql, "select\n  {a}", "line 2, column 3"),
            (
                Dialect::Sqlite,
                "select {{ x }}",
                "templates are not filled in",
            ),
            (
                Dialect::PostgreSql,
                "select 'a",
                "does not end (line 1, column 8)",
            ),
            (Dialect::PostgreSql, "select E'a\\'", "does not end"),
            (Dialect::PostgreSql, "select \"a", "does not end"),
            (Dialect::PostgreSql, "select /* /* */ 1", "does not end"),
            (Dialect::PostgreSql, "select $$ 1", "does not end"),
            (Dialect::PostgreSql, "select $a$ $b$", "does not end"),
            (Dialect::PostgreSql, "select \\ 1", "\"\\\\\""),
            (Dialect::PostgreSql, "select 'a\0b'", "U+0000"),
            (Dialect::PostgreSql, "select \u{b}1", "syntax error"),
            (Dialect::PostgreSql, "select U&\"a\"", "U&"),
            (Dialect::Sqlite, "select [a", "does not end"),
            (Dialect::Sqlite, "select x'1'", "hexadecimal"),
            (Dialect::Sqlite, "select !1", "syntax error"),
        ] {
            let err = lex(dialect, text).expect_err(text).to_string();
            assert!(err.contains(part), "{text:?}: {err}");
        }
    }

    #[test]
    fn characters_beyond_ascii_are_letters() {
        for dialect in [Dialect::PostgreSql, Dialect::Sqlite] {
            // A no-break space is no space for either.
            check(dialect, "from\u{a0}secret", &[("from\u{a0}secret", "word")]);
            check(dialect, "Größe", &[("Größe", "word")]);
        }
    }
}
