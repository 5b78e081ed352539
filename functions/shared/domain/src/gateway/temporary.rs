//! The temporary API's configuration: what a document that it is made of leaves out is set again.

use crate::PhaseError;
use crate::plan::edge::Api;
use crate::ports::{Apis, gateway::Patch};
use serde_json::Value;

/// What an import lost of the main API's own settings: the export holds most, and what differs all the same is set.
#[must_use]
pub fn lost(main: &Api, imported: &Api) -> Vec<Patch> {
    let mut patches = Vec::new();
    if main.api_key_source != imported.api_key_source {
        patches.push(Patch::replace("/apiKeySource", &main.api_key_source));
    }
    if main.minimum_compression_size != imported.minimum_compression_size {
        let size = main.minimum_compression_size.map(|size| size.to_string()).unwrap_or_default();
        patches.push(Patch::replace("/minimumCompressionSize", size));
    }
    for media_type in &main.binary_media_types {
        if !imported.binary_media_types.contains(media_type) {
            // A slash in a JSON Pointer (RFC 6901).
            let path = format!("/binaryMediaTypes/{}", media_type.replace('~', "~0").replace('/', "~1"));
            patches.push(Patch::Add(path, String::new()));
        }
    }
    patches
}

/// Sets what an import lost of the main API's own settings.
///
/// # Errors
/// Whatever API Gateway answers.
pub async fn restore<P: Apis>(ports: &P, main: &Api, imported: &Api) -> Result<(), PhaseError> {
    let patches = lost(main, imported);
    if patches.is_empty() { Ok(()) } else { ports.update_api(&imported.id, &patches).await }
}

/// Makes the document the temporary API's whole configuration, with the main API's own settings; `name` is the temporary API's, by
/// which it is found.
///
/// # Errors
/// `Refused` where the document is for the main API itself, which is never rebuilt; whatever API Gateway answers.
pub async fn overwrite<P: Apis>(
    ports: &P,
    main: &Api,
    api: &str,
    name: &str,
    document: Value,
) -> Result<(), PhaseError> {
    if api == main.id {
        return Err(PhaseError::refused(format!("{api} is the public API, which is never overwritten")));
    }
    ports.overwrite(api, &named(document, name)).await?;
    let Some(now) = ports.api(api).await? else {
        return Err(PhaseError::unavailable(format!("the temporary API {api} is not visible")));
    };
    restore(ports, main, &now).await
}

/// The document under another title, which becomes the API's name.
#[must_use]
pub fn named(mut document: Value, name: &str) -> Value {
    document["info"]["title"] = name.into();
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_that_an_import_loses_are_set_again() {
        let main = Api {
            api_key_source: "HEADER".to_owned(),
            minimum_compression_size: Some(1024),
            binary_media_types: vec!["image/png".to_owned(), "application/zip".to_owned()],
            ..Api::default()
        };
        let imported = Api { binary_media_types: vec!["image/png".to_owned()], ..main.clone() };
        assert_eq!(lost(&main, &main), []);
        let add = Patch::Add("/binaryMediaTypes/application~1zip".to_owned(), String::new());
        assert_eq!(lost(&main, &imported), [add]);
        let imported = Api { minimum_compression_size: None, ..main.clone() };
        assert_eq!(lost(&main, &imported), [Patch::replace("/minimumCompressionSize", "1024")]);
    }

    #[test]
    fn a_document_changes_in_its_title_only() {
        let document = json!({ "info": { "title": "shop", "version": "1" }, "paths": { "/cart": {} } });
        let expected = json!({ "info": { "title": "temporary", "version": "1" }, "paths": { "/cart": {} } });
        assert_eq!(named(document, "temporary"), expected);
    }
}
