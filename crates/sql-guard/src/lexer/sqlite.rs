//! SQLite's `tokenize.c`.

use sqlparser::tokenizer::Token;

use super::Scanner;
use crate::GuardError;

const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(crate) fn scan(s: &mut Scanner<'_>) -> Result<(), GuardError> {
    loop {
        skip_blank(s);
        let start = s.at;
        let token = match (s.peek(0), s.peek(1)) {
            (0, _) => return Ok(()),
            (b'\'', _) => {
                Token::SingleQuotedString(s.quoted(b'\'', "literal in quotes")?.to_owned())
            }
            (b'"', _) => Token::make_word(s.quoted(b'"', "name in quotes")?, Some('"')),
            (b'`', _) => Token::make_word(s.quoted(b'`', "name in quotes")?, Some('`')),
            (b'[', _) => bracketed(s)?,
            (b'x' | b'X', b'\'') => blob(s)?,
            (b'?' | b':' | b'@' | b'#' | b'$', _) => parameter(s)?,
            (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => {
                number(s)?;
                Token::Number(s.from(start).to_owned(), false)
            }
            (first, _) if is_name_start(first) => {
                s.skip_while(is_name_part);
                Token::make_word(s.from(start), None)
            }
            (first, second) => {
                let Some((token, length)) = sign(first, second, s.peek(2)) else {
                    return Err(s.unexpected());
                };
                s.at += length;
                token
            }
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

fn skip_blank(s: &mut Scanner<'_>) {
    loop {
        s.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c));
        if s.is_at("--") {
            s.skip_while(|byte| byte != b'\n');
        } else if s.is_at("/*") && s.peek(2) != 0 {
            // Comments do not nest, and one that is left open goes on to the end.
            let rest = &s.text[s.at + 2..];
            let length = rest.find("*/").map_or(rest.len(), |end| end + 2);
            s.at += 2 + length;
        } else if s.is_at(BYTE_ORDER_MARK) {
            s.at += BYTE_ORDER_MARK.len();
        } else {
            return;
        }
    }
}

fn bracketed(s: &mut Scanner<'_>) -> Result<Token, GuardError> {
    let start = s.at;
    s.skip_while(|byte| byte != b']');
    if s.peek(0) == 0 {
        return Err(s.error(start, "a name in brackets does not end"));
    }
    let content = &s.text[start + 1..s.at];
    s.at += 1;
    Ok(Token::make_word(content, Some('[')))
}

fn blob(s: &mut Scanner<'_>) -> Result<Token, GuardError> {
    let start = s.at;
    s.at += 1;
    let content = s.quoted(b'\'', "literal in quotes")?;
    let is_hex = content.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex || content.len() % 2 == 1 {
        let text = "a blob has other than pairs of hexadecimal digits";
        return Err(s.error(start, text));
    }
    Ok(Token::HexStringLiteral(content.to_owned()))
}

fn parameter(s: &mut Scanner<'_>) -> Result<Token, GuardError> {
    let start = s.at;
    s.at += 1;
    s.skip_while(is_name_part);
    if s.at == start + 1 && s.text.as_bytes()[start] != b'?' {
        s.at = start;
        return Err(s.unexpected());
    }
    Ok(Token::Placeholder(s.from(start).to_owned()))
}

fn number(s: &mut Scanner<'_>) -> Result<(), GuardError> {
    let start = s.at;
    let is_hex =
        s.peek(0) == b'0' && matches!(s.peek(1), b'x' | b'X') && s.peek(2).is_ascii_hexdigit();
    if is_hex {
        s.at += 2;
        digits(s, u8::is_ascii_hexdigit);
    } else {
        digits(s, u8::is_ascii_digit);
        if s.peek(0) == b'.' {
            s.at += 1;
            digits(s, u8::is_ascii_digit);
        }
        if matches!(s.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(s.peek(1), b'+' | b'-'));
            if s.peek(1 + sign).is_ascii_digit() {
                s.at += 1 + sign;
                digits(s, u8::is_ascii_digit);
            }
        }
    }
    if is_name_part(s.peek(0)) {
        return Err(s.error(start, "a number ends with letters"));
    }
    Ok(())
}

/// Digits, with single underscores between them.
fn digits(s: &mut Scanner<'_>, is_digit: fn(&u8) -> bool) {
    loop {
        s.skip_while(|byte| is_digit(&byte));
        let is_between = s.at > 0 && is_digit(&s.text.as_bytes()[s.at - 1]);
        if s.peek(0) != b'_' || !is_between || !is_digit(&s.peek(1)) {
            return;
        }
        s.at += 1;
    }
}

fn sign(first: u8, second: u8, third: u8) -> Option<(Token, usize)> {
    Some(match (first, second, third) {
        (b'-', b'>', b'>') => (Token::LongArrow, 3),
        (b'-', b'>', _) => (Token::Arrow, 2),
        (b'-', ..) => (Token::Minus, 1),
        (b'(', ..) => (Token::LParen, 1),
        (b')', ..) => (Token::RParen, 1),
        (b';', ..) => (Token::SemiColon, 1),
        (b',', ..) => (Token::Comma, 1),
        (b'.', ..) => (Token::Period, 1),
        (b'+', ..) => (Token::Plus, 1),
        (b'*', ..) => (Token::Mul, 1),
        (b'/', ..) => (Token::Div, 1),
        (b'%', ..) => (Token::Mod, 1),
        (b'=', b'=', _) => (Token::DoubleEq, 2),
        (b'=', ..) => (Token::Eq, 1),
        (b'<', b'=', _) => (Token::LtEq, 2),
        (b'<', b'>', _) | (b'!', b'=', _) => (Token::Neq, 2),
        (b'<', b'<', _) => (Token::ShiftLeft, 2),
        (b'<', ..) => (Token::Lt, 1),
        (b'>', b'=', _) => (Token::GtEq, 2),
        (b'>', b'>', _) => (Token::ShiftRight, 2),
        (b'>', ..) => (Token::Gt, 1),
        (b'|', b'|', _) => (Token::StringConcat, 2),
        (b'|', ..) => (Token::Pipe, 1),
        (b'&', ..) => (Token::Ampersand, 1),
        (b'~', ..) => (Token::Tilde, 1),
        _ => return None,
    })
}
