//! What a provider says about itself (OpenID Connect Discovery 1.0). No I/O.

use serde::Deserialize;
use url::Url;

use super::keys;
use crate::sign_in::config::{ClientAuthentication, ProviderConfig, SignInConfig};

/// The end of the address at which a provider says it.
pub(super) const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// A provider's endpoints, checked.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    pub(super) jwks_uri: Url,
    /// The algorithms with which it signs ID tokens, of those that count here.
    pub(super) algorithms: Vec<String>,
    pub(super) authentication: ClientAuthentication,
    /// Whether its answers in the browser name the issuer (RFC 9207).
    pub(super) names_issuer: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Reads the document of the issuer.
pub(super) fn read(
    document: &[u8],
    issuer: &str,
    provider: &ProviderConfig,
    config: &SignInConfig,
) -> Result<Metadata, String> {
    let document: Document = serde_json::from_slice(document).map_err(|reason| reason.to_string())?;
    if document.issuer != issuer {
        return Err("it is the document of another issuer".to_owned());
    }
    let endpoint = |name: &str, text: &str| {
        let url = Url::parse(text).ok().filter(|url| config.is_protected(url) && url.fragment().is_none());
        url.ok_or_else(|| format!("{name} is no https:// address"))
    };
    let is_listed = |method: &str| document.token_endpoint_auth_methods_supported.iter().any(|listed| listed == method);
    let posts = is_listed("client_secret_post") && !is_listed("client_secret_basic");
    let by_metadata = if posts { ClientAuthentication::Post } else { ClientAuthentication::Basic };
    let mut algorithms = document.id_token_signing_alg_values_supported;
    algorithms.retain(|name| keys::is_algorithm(name));
    if algorithms.is_empty() {
        // Each provider must know it.
        algorithms.push("RS256".to_owned());
    }
    Ok(Metadata {
        authorization_endpoint: endpoint("authorization_endpoint", &document.authorization_endpoint)?,
        token_endpoint: endpoint("token_endpoint", &document.token_endpoint)?,
        userinfo_endpoint: document.userinfo_endpoint.map(|text| endpoint("userinfo_endpoint", &text)).transpose()?,
        jwks_uri: endpoint("jwks_uri", &document.jwks_uri)?,
        algorithms,
        authentication: provider.client_authentication.unwrap_or(by_metadata),
        names_issuer: document.authorization_response_iss_parameter_supported,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://id.example";

    fn reading(change: &[(&str, Value)]) -> Result<Metadata, String> {
        let mut document = json!({"issuer": ISSUER, "authorization_endpoint": "https://id.example/auth?a=b",
            "token_endpoint": "https://id.example/token", "jwks_uri": "https://keys.example/jwks"});
        for (name, value) in change {
            document[name] = value.clone();
        }
        let config = SignInConfig::new("https://lot.example");
        let provider = ProviderConfig::other("id", ISSUER, "lot", None);
        read(document.to_string().as_bytes(), ISSUER, &provider, &config)
    }

    #[test]
    fn defaults_are_those_of_the_standard() {
        let metadata = reading(&[]).unwrap();
        assert_eq!((metadata.algorithms, metadata.authentication), (vec!["RS256".into()], ClientAuthentication::Basic));
        let metadata = reading(&[
            ("id_token_signing_alg_values_supported", json!(["none", "HS256", "ES256", "EdDSA"])),
            ("token_endpoint_auth_methods_supported", json!(["private_key_jwt", "client_secret_post"])),
        ]);
        let metadata = metadata.unwrap();
        assert_eq!(metadata.algorithms, ["ES256", "EdDSA"]);
        assert_eq!(metadata.authentication, ClientAuthentication::Post);
    }

    #[test]
    fn a_document_that_leads_elsewhere_is_refused() {
        for (name, value) in [
            ("issuer", json!("https://id.example/")),
            ("issuer", json!("https://evil.example")),
            ("token_endpoint", json!("http://id.example/token")),
            ("token_endpoint", json!("/token")),
            ("jwks_uri", json!("file:///etc/passwd")),
            ("jwks_uri", json!("http://127.0.0.1/jwks")),
            ("userinfo_endpoint", json!("http://id.example/me")),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("authorization_endpoint", json!("https://id.example/#a")),
            ("jwks_uri", Value::Null),
        ] {
            assert!(reading(&[(name, value.clone())]).is_err(), "{name} {value}");
        }
    }
}
