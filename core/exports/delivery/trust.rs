//! Which certificate an FTPS server may show: one of a public authority, or one that the operator has named.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};

use super::failed;
use crate::error::{Error, ErrorCode, Result};

/// One configuration for the control and the data channel, so that the second resumes the session of the first: servers
/// take that for proof that both are of one client.
pub(super) fn configuration(certificate_file: Option<&Path>) -> Result<Arc<ClientConfig>> {
    let named = certificate_file.map(certificates_of).transpose()?.unwrap_or_default();
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(named.iter().cloned());
    let not_set_up = |reason: String| failed(format!("TLS could not be set up: {reason}"));
    let provider = Arc::new(ring::default_provider());
    let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|reason| not_set_up(reason.to_string()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|reason| not_set_up(reason.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { authorities, named }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let unreadable = |reason: String| {
        Error::new(ErrorCode::NotConfigured, format!("the certificates in {} cannot be read: {reason}", path.display()))
    };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|reason: rustls::pki_types::pem::Error| unreadable(reason.to_string()))?;
    if certificates.is_empty() {
        return Err(unreadable("there is none in the file".to_owned()));
    }
    Ok(certificates)
}

/// Takes what the operator has named to the letter, whatever name stands in it; servers often have a certificate that they made
/// themselves. All others are verified as in a browser.
#[derive(Debug)]
struct Verifier {
    authorities: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.named.iter().any(|named| named == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.authorities.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.authorities.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}
