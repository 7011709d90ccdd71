//! PostgreSQL's `scan.l`. `standard_conforming_strings` is on in every transaction of ours.

use sqlparser::tokenizer::Token;

use super::Scanner;
use crate::GuardError;

pub(crate) fn scan(s: &mut Scanner<'_>) -> Result<(), GuardError> {
    loop {
        skip_blank(s)?;
        let start = s.at;
        let token = match (s.peek(0), s.peek(1)) {
            (0, _) => return Ok(()),
            (b'\'', _) => Token::SingleQuotedString(literal(s, false)?),
            (b'"', _) => name(s)?,
            (b'e' | b'E', b'\'') => {
                s.at += 1;
                Token::EscapedStringLiteral(literal(s, true)?)
            }
            (b'b' | b'B', b'\'') => {
                s.at += 1;
                Token::SingleQuotedByteStringLiteral(literal(s, false)?)
            }
            (b'x' | b'X', b'\'') => {
                s.at += 1;
                Token::HexStringLiteral(literal(s, false)?)
            }
            (b'n' | b'N', b'\'') => {
                s.at += 1;
                Token::NationalStringLiteral(literal(s, false)?)
            }
            (b'u' | b'U', b'&') if s.peek(2) == b'\'' => {
                s.at += 2;
                Token::UnicodeStringLiteral(literal(s, false)?)
            }
            (b'u' | b'U', b'&') if s.peek(2) == b'"' => {
                return Err(s.error(
                    start,
                    "a name in U&\"…\" cannot be used here; write its letters",
                ));
            }
            (b'$', _) => dollar(s)?,
            (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => {
                number(s);
                Token::Number(s.from(start).to_owned(), false)
            }
            (first, _) if is_name_start(first) => {
                s.skip_while(is_name_part);
                Token::make_word(s.from(start), None)
            }
            (first, second) => match punctuation(first, second) {
                Some((token, length)) => {
                    s.at += length;
                    token
                }
                None if is_operator(first) => operator(s),
                None => return Err(s.unexpected()),
            },
        };
        s.push(start, token);
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn is_name_part(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

fn is_newline(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn skip_blank(s: &mut Scanner<'_>) -> Result<(), GuardError> {
    loop {
        s.skip_while(is_space);
        if s.is_at("--") {
            s.skip_while(|byte| !is_newline(byte));
        } else if s.is_at("/*") {
            skip_comment(s)?;
        } else {
            return Ok(());
        }
    }
}

/// Comments nest.
fn skip_comment(s: &mut Scanner<'_>) -> Result<(), GuardError> {
    let start = s.at;
    let mut depth = 0_usize;
    loop {
        match (s.peek(0), s.peek(1)) {
            (0, _) => return Err(s.error(start, "a comment does not end")),
            (b'/', b'*') => {
                depth += 1;
                s.at += 2;
            }
            (b'*', b'/') => {
                depth -= 1;
                s.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            }
            _ => s.at += 1,
        }
    }
}

fn name(s: &mut Scanner<'_>) -> Result<Token, GuardError> {
    let start = s.at;
    let content = s.quoted(b'"', "name in quotes")?;
    if content.is_empty() {
        return Err(s.error(start, "a name in quotes is empty"));
    }
    Ok(Token::make_word(content, Some('"')))
}

/// Reads a literal from its opening quote, with its continuations on further lines. Where it has escapes,
/// a backslash takes the next character with it.
fn literal(s: &mut Scanner<'_>, has_escapes: bool) -> Result<String, GuardError> {
    let start = s.at;
    let mut content = String::new();
    loop {
        s.at += 1;
        let from = s.at;
        loop {
            match (s.peek(0), s.peek(1)) {
                (0, _) => return Err(s.error(start, "a literal in quotes does not end")),
                (b'\'', b'\'') => s.at += 2,
                (b'\'', _) => break,
                // At the very end this steps over nothing: the next look finds the end.
                (b'\\', next) if has_escapes && next != 0 => s.at += 2,
                _ => s.at += 1,
            }
        }
        content.push_str(s.from(from));
        s.at += 1;
        match continuation(s) {
            Some(quote) => s.at = quote,
            None => return Ok(content),
        }
    }
}

/// Where the literal goes on: a quote behind white space with a line end in it (`quotecontinue`).
fn continuation(s: &Scanner<'_>) -> Option<usize> {
    let bytes = s.text.as_bytes();
    let mut has_newline = false;
    let mut at = s.at;
    loop {
        match bytes.get(at)? {
            b'\'' => return has_newline.then_some(at),
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at += bytes[at..].iter().position(|byte| is_newline(*byte))?;
            }
            byte if is_space(*byte) => {
                has_newline |= is_newline(*byte);
                at += 1;
            }
            _ => return None,
        }
    }
}

/// `$1`, `$$…$$` or `$tag$…$tag$`.
fn dollar(s: &mut Scanner<'_>) -> Result<Token, GuardError> {
    let start = s.at;
    s.at += 1;
    if s.peek(0).is_ascii_digit() {
        s.skip_while(|byte| byte.is_ascii_digit());
        return Ok(Token::Placeholder(s.from(start).to_owned()));
    }
    if is_name_start(s.peek(0)) {
        s.skip_while(|byte| is_name_start(byte) || byte.is_ascii_digit());
    }
    if s.peek(0) != b'$' {
        s.at = start;
        return Err(s.unexpected());
    }
    s.at += 1;
    let delimiter = s.from(start);
    let from = s.at;
    let Some(length) = s.text[from..].find(delimiter) else {
        return Err(s.error(start, &format!("a literal in {delimiter} does not end")));
    };
    s.at = from + length + delimiter.len();
    let content = &s.text[from..from + length];
    // For those who look at the tree it is a string like any other.
    Ok(Token::SingleQuotedString(content.replace('\'', "''")))
}

/// Reads a number. What follows it directly is the next token: PostgreSQL took it so until version 14,
/// and refuses it since.
fn number(s: &mut Scanner<'_>) {
    let start = s.at;
    if s.peek(0) == b'0' {
        let is_digit: Option<fn(&u8) -> bool> = match s.peek(1) {
            b'x' | b'X' => Some(u8::is_ascii_hexdigit),
            b'o' | b'O' => Some(|byte| matches!(byte, b'0'..=b'7')),
            b'b' | b'B' => Some(|byte| matches!(byte, b'0' | b'1')),
            _ => None,
        };
        if let Some(is_digit) = is_digit {
            s.at += 2;
            let from = s.at;
            digits(s, is_digit);
            if s.at == from || is_name_start(s.peek(0)) || s.peek(0).is_ascii_digit() {
                s.at = start + 1;
            }
            return;
        }
    }
    decimal(s, true);
    if s.from(start).contains('_') && is_name_start(s.peek(0)) {
        // No number of a new version; in an old one the underscore starts a name.
        s.at = start;
        decimal(s, false);
    }
}

fn decimal(s: &mut Scanner<'_>, has_underscores: bool) {
    let run = |s: &mut Scanner<'_>| {
        s.skip_while(|byte| byte.is_ascii_digit());
        if has_underscores {
            digits(s, u8::is_ascii_digit);
        }
    };
    run(s);
    if s.peek(0) == b'.' && s.peek(1) != b'.' {
        s.at += 1;
        if s.peek(0).is_ascii_digit() {
            run(s);
        }
    }
    if matches!(s.peek(0), b'e' | b'E') {
        let sign = usize::from(matches!(s.peek(1), b'+' | b'-'));
        if s.peek(1 + sign).is_ascii_digit() {
            s.at += 1 + sign;
            run(s);
        }
    }
}

/// Digits, each with an underscore before it or not.
fn digits(s: &mut Scanner<'_>, is_digit: fn(&u8) -> bool) {
    loop {
        let underscore = usize::from(s.peek(0) == b'_');
        if !is_digit(&s.peek(underscore)) {
            return;
        }
        s.at += underscore + 1;
    }
}

/// What is never part of a longer operator.
fn punctuation(first: u8, second: u8) -> Option<(Token, usize)> {
    Some(match (first, second) {
        (b',', _) => (Token::Comma, 1),
        (b'(', _) => (Token::LParen, 1),
        (b')', _) => (Token::RParen, 1),
        (b'[', _) => (Token::LBracket, 1),
        (b']', _) => (Token::RBracket, 1),
        (b';', _) => (Token::SemiColon, 1),
        (b'.', _) => (Token::Period, 1),
        (b':', b':') => (Token::DoubleColon, 2),
        (b':', b'=') => (Token::Assignment, 2),
        (b':', _) => (Token::Colon, 1),
        _ => return None,
    })
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'~' | b'!'
            | b'@'
            | b'#'
            | b'^'
            | b'&'
            | b'|'
            | b'`'
            | b'?'
            | b'+'
            | b'-'
            | b'*'
            | b'/'
            | b'%'
            | b'<'
            | b'>'
            | b'='
    )
}

/// The longest run of operator characters that holds no comment. It ends with a sign only when it is one
/// that no standard operator could be, so that `a*-1` is a product.
fn operator(s: &mut Scanner<'_>) -> Token {
    let start = s.at;
    s.skip_while(is_operator);
    let text = s.from(start);
    let comment = text.find("--").into_iter().chain(text.find("/*")).min();
    let mut length = comment.unwrap_or(text.len());
    let is_special = |byte: u8| b"~!@#^&|`?%".contains(&byte);
    if !text.as_bytes()[..length].iter().copied().any(is_special) {
        while length > 1 && matches!(text.as_bytes()[length - 1], b'+' | b'-') {
            length -= 1;
        }
    }
    s.at = start + length;
    operator_token(s.from(start))
}

fn operator_token(text: &str) -> Token {
    match text {
        "=" => Token::Eq,
        "<>" | "!=" => Token::Neq,
        "<" => Token::Lt,
        ">" => Token::Gt,
        "<=" => Token::LtEq,
        ">=" => Token::GtEq,
        "=>" => Token::RArrow,
        "+" => Token::Plus,
        "-" => Token::Minus,
        "*" => Token::Mul,
        "/" => Token::Div,
        "%" => Token::Mod,
        "^" => Token::Caret,
        "||" => Token::StringConcat,
        "|" => Token::Pipe,
        "&" => Token::Ampersand,
        "#" => Token::Sharp,
        "##" => Token::DoubleSharp,
        "~" => Token::Tilde,
        "~*" => Token::TildeAsterisk,
        "!~" => Token::ExclamationMarkTilde,
        "!~*" => Token::ExclamationMarkTildeAsterisk,
        "~~" => Token::DoubleTilde,
        "~~*" => Token::DoubleTildeAsterisk,
        "!~~" => Token::ExclamationMarkDoubleTilde,
        "!~~*" => Token::ExclamationMarkDoubleTildeAsterisk,
        "<<" => Token::ShiftLeft,
        ">>" => Token::ShiftRight,
        "&&" => Token::Overlap,
        "!" => Token::ExclamationMark,
        "!!" => Token::DoubleExclamationMark,
        "@" => Token::AtSign,
        "^@" => Token::CaretAt,
        "|/" => Token::PGSquareRoot,
        "||/" => Token::PGCubeRoot,
        "->" => Token::Arrow,
        "->>" => Token::LongArrow,
        "#>" => Token::HashArrow,
        "#>>" => Token::HashLongArrow,
        "@>" => Token::AtArrow,
        "<@" => Token::ArrowAt,
        "#-" => Token::HashMinus,
        "@?" => Token::AtQuestion,
        "@@" => Token::AtAt,
        "?" => Token::Question,
        "?&" => Token::QuestionAnd,
        "?|" => Token::QuestionPipe,
        "@-@" => Token::AtDashAt,
        "?-" => Token::QuestionMarkDash,
        "?#" => Token::QuestionMarkSharp,
        "?-|" => Token::QuestionMarkDashVerticalBar,
        "?||" => Token::QuestionMarkDoubleVerticalBar,
        "&<" => Token::AmpersandLeftAngleBracket,
        "&>" => Token::AmpersandRightAngleBracket,
        "&<|" => Token::AmpersandLeftAngleBracketVerticalBar,
        "|&>" => Token::VerticalBarAmpersandRightAngleBracket,
        "<->" => Token::TwoWayArrow,
        "<^" => Token::LeftAngleBracketCaret,
        ">^" => Token::RightAngleBracketCaret,
        "~=" => Token::TildeEqual,
        "<<|" => Token::ShiftLeftVerticalBar,
        "|>>" => Token::VerticalBarShiftRight,
        other => Token::CustomBinaryOperator(other.to_owned()),
    }
}
