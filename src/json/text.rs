//! Strings with and without their escapes.

/// Writes text as a JSON string, with its quotes.
pub fn push_string(json: &mut String, text: &str) {
    json.push('"');
    let mut plain = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        json.push_str(text.get(plain..index).unwrap_or_default());
        plain = index + 1;
        json.push('\\');
        match byte {
            b'\n' => json.push('n'),
            b'\r' => json.push('r'),
            b'\t' => json.push('t'),
            b'"' | b'\\' => json.push(char::from(byte)),
            _ => {
                json.push_str("u00");
                for digit in [byte >> 4, byte & 0xf] {
                    json.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
            }
        }
    }
    json.push_str(text.get(plain..).unwrap_or_default());
    json.push('"');
}

/// Undoes the escapes of a string whose grammar was checked; without its quotes. None if an escape stands for no character.
pub fn unescape(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut characters = escape.chars();
        let character = match characters.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let (mut code, after) = code_unit(characters.as_str())?;
                characters = after.chars();
                if (0xd800..0xdc00).contains(&code) {
                    // Characters beyond the first plane are written as two units.
                    let (low, after) = code_unit(after.strip_prefix("\\u")?)?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return None;
                    }
                    characters = after.chars();
                    code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                }
                char::from_u32(code)?
            }
            other => other,
        };
        text.push(character);
        rest = characters.as_str();
    }
    text.push_str(rest);
    Some(text)
}

fn code_unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    // `from_str_radix` alone would take a sign.
    let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((u32::from_str_radix(digits, 16).ok().filter(|_| all_hex)?, rest))
}
