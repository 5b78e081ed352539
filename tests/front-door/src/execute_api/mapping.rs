//! Evaluates mapping expressions on a request ("Amazon API Gateway API request and response data mapping reference").

use http::request::Parts;

use crate::apigateway::Release;
use crate::query;

/// A request on its way to the integration.
pub(crate) struct Context<'request> {
    pub(crate) request_id: &'request str,
    pub(crate) release: &'request Release,
    pub(crate) parts: &'request Parts,
    /// The path below the stage.
    pub(crate) path: &'request str,
    pub(crate) resource_path: &'request str,
    /// Path parameters by name, percent-encoded as in the path.
    pub(crate) path_parameters: &'request [(&'request str, String)],
}

impl Context<'_> {
    /// The value of a source such as `method.request.path.id`, `'text'`, `stageVariables.x` or `context.requestId`.
    pub(crate) fn value(&self, source: &str) -> Option<String> {
        if let Some(text) = source.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            return Some(text.to_owned());
        }
        if let Some(name) = source.strip_prefix("stageVariables.") {
            return self.release.variables.get(name).cloned();
        }
        if let Some(name) = source.strip_prefix("context.") {
            return self.context(name);
        }
        if let Some(name) = source.strip_prefix("method.request.path.") {
            return self.path_parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        }
        if let Some(name) = source.strip_prefix("method.request.querystring.") {
            return query::value(self.parts.uri.query()?, name);
        }
        let name = source.strip_prefix("method.request.header.")?;
        Some(self.parts.headers.get(name)?.to_str().ok()?.to_owned())
    }

    /// A `$context` variable.
    fn context(&self, name: &str) -> Option<String> {
        Some(match name {
            "requestId" | "extendedRequestId" => self.request_id.to_owned(),
            "apiId" => self.release.api.clone(),
            "stage" => self.release.stage.clone(),
            "deploymentId" => self.release.deployment.clone(),
            "httpMethod" => self.parts.method.to_string(),
            "path" => format!("/{}{}", self.release.stage, self.path),
            "resourcePath" => self.resource_path.to_owned(),
            "protocol" => "HTTP/1.1".to_owned(),
            "identity.sourceIp" => "127.0.0.1".to_owned(),
            _ => return None,
        })
    }

    /// Replaces every `${stageVariables.name}`; variables that the stage does not have are replaced by nothing.
    pub(crate) fn stage_variables(&self, text: &str) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${stageVariables.") {
            replaced.push_str(&rest[..start]);
            let after = &rest[start + "${stageVariables.".len()..];
            let Some(end) = after.find('}') else { break };
            replaced.push_str(self.release.variables.get(&after[..end]).map_or("", String::as_str));
            rest = &after[end + 1..];
        }
        replaced.push_str(rest);
        replaced
    }

    /// Renders a template of plain text with `$context.…` and `$stageVariables.…`; `None` if it uses more of the template
    /// language.
    pub(crate) fn template(&self, template: &str) -> Option<String> {
        let mut rendered = String::with_capacity(template.len());
        let mut rest = template;
        while let Some(at) = rest.find(['$', '#']) {
            rendered.push_str(&rest[..at]);
            let reference = rest[at..].strip_prefix('$')?;
            let end = reference.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.' && letter != '_');
            let reference = reference[..end.unwrap_or(reference.len())].trim_end_matches('.');
            if !reference.starts_with("context.") && !reference.starts_with("stageVariables.") {
                return None;
            }
            rendered.push_str(&self.value(reference).unwrap_or_default());
            rest = &rest[at + 1 + reference.len()..];
        }
        rendered.push_str(rest);
        Some(rendered)
    }
}
