//! Patterns of IAM, in the resources and the conditions of policies.

/// Whether a text is like an IAM pattern, in which an asterisk is any text and a question mark any character
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html#reference_policies_elements_resource_wildcards>);
/// `ArnLike` reads ARNs so too
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>).
#[must_use]
pub fn is_like(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = letters.as_str();
            is_like(rest, text)
                || text.char_indices().any(|(at, letter)| is_like(rest, &text[at + letter.len_utf8()..]))
        }
        Some(wanted) => {
            let mut found = text.chars();
            found.next().is_some_and(|letter| wanted == '?' || wanted == letter)
                && is_like(letters.as_str(), found.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_read_as_iam_reads_it() {
        for (pattern, text, expected) in [
            ("shop-*", "shop-cart", true),
            ("shop-*", "team/shop-cart", false),
            ("team/*", "team/shop-cart", true),
            ("*", "team/shop-cart", true),
            ("shop-car?", "shop-cart", true),
            ("shop-ca?", "shop-cart", false),
            ("", "shop-cart", false),
            // https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-permissions: "/*/GET/".
            ("api1/*/GET/hits", "api1/prod/GET/hits", true),
            ("api1/*/GET/", "api1/prod/GET/hits", false),
            ("api1/prod/GET/hits", "api1/prod/GET/hits", true),
            ("api1/prod/*", "api1/bascule-G/GET/hits", false),
            ("arn:aws:execute-api:*:1:api/*/GET/*", "arn:aws:execute-api:eu-central-1:1:api/prod/GET/cart", true),
            ("arn:aws:execute-api:*:1:api/*/GET/*", "arn:aws:execute-api:eu-central-1:1:api/prod/POST/cart", false),
        ] {
            assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
        }
    }
}
