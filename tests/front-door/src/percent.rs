//! Percent-encoding (RFC 3986) as the AWS SDKs use it in paths and queries.

/// Decodes `%XX` sequences; what is no such sequence stays as it is, and bytes that are no UTF-8 become U+FFFD.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let value = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(value) = value {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Decodes a query or form value, where `+` stands for a space as well.
pub(crate) fn decode_form(text: &str) -> String {
    decode(&text.replace('+', " "))
}

/// The first value of a key in a query or form (`a=b&c=d`), decoded.
pub(crate) fn form_value(form: &str, key: &str) -> Option<String> {
    form_values(form, key).into_iter().next()
}

/// Every value of a key in a query or form, in order, decoded.
pub(crate) fn form_values(form: &str, key: &str) -> Vec<String> {
    form.split('&')
        .filter_map(|pair| pair.split_once('=').or(Some((pair, ""))))
        .filter(|(name, _)| decode_form(name) == key)
        .map(|(_, value)| decode_form(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_arn_becomes_readable() {
        assert_eq!(decode("arn%3Aaws%3Aapigateway%3A%3A%2Frestapis"), "arn:aws:apigateway::/restapis");
    }

    #[test]
    fn a_lone_percent_sign_stays() {
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz"), "%zz");
    }

    #[test]
    fn repeated_keys_of_a_query_are_all_found() {
        assert_eq!(form_values("tagKeys=a&x=1&tagKeys=b+c", "tagKeys"), ["a", "b c"]);
        assert_eq!(form_value("flag", "flag").as_deref(), Some(""));
    }
}
