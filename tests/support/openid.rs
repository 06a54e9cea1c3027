//! A provider of OpenID Connect on loopback that says what a test makes it say, with real keys: also what no real one would.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use ring::{
    digest, hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

pub const CLIENT: &str = "lot";
pub const SECRET: &str = "a secret: of (many) letters";

/// A key for tests, in PKCS #1.
const RSA: &str = "\
    MIIEpAIBAAKCAQEAn4aj/YoXyKY6a0ROEzT9O6nF32qS4KytPLJD1A+/8sado/WnBbGB1RpYNdHYW+e2RRfOTH1yZ61vqlSCX9tNZBIAzDJ0AOTmLPbU \
    tvwMWkqy0DGwTVxmQNBQT9elbEgvBFNEwkA0IaQNW9xn5sOeAWBHZAOjhNemWM1+JRJHqWSFg2I/N7SL6VlptN4XtG4sQGGlAXotfyaqJgvPoQA8lzsl \
    SIC153COlK9yKtbXIg2yyT47WBAguvW8JLsz9oSrIvPn2LCBK3oO13RCvWjChJ8v/GqMZUteaosPFFVKD83vBMtLQ0R6VJJywOw95jRAK4DafO2Pu4cW \
    +bGn8GC28wIDAQABAoIBAAN022DG+TTzxRhF5psr7sC4MP1iRcRweWBzTFzv6mzMOOYwkGnjKrj/VSH1Zga3wo9EsMefgDcW3vCF3D1PdyHP8gx6m2DZ \
    lNMslfdRBsN+EtnH+dXzRpPo75SLS55JAhvJ4heDZJ3F/DQdVnL9khLdjy5vlb9vHL+X1D/hYYQeDK8ExZHKAeljlOaUq1WtSRuseH66doaZMUiMDx32 \
    fW6A/rp9v6V+P5jyHh/+8OxDfKYLtes6jWIE7MILFiMOu3evUrmFyr6TL3ld7re2RSo5K6+RUeWS5FYl4C/4ifFHHq5nNySDdVvrZRTAWDAQPA8wpEJq \
    W4biB20WIIHVlEECgYEA2OqZhiyD9BJ+K0jm8Uj20lTXrFNckWSthjP+QGhCaXgX17ra526aJNw8DMTp1CsjRHxkLTKUnqLRvmFVWDmG/0L8UxRiiXlV \
    5BmwBq803QY3KQV/Q2Sw2sCZzkvKFw83Nlgyb0apjROJtJyRI0DQ73CsM3nVJC6aQA4YQG9Q+EsCgYEAvETe+MMnRb1ZBznstYBEXsuGVdmSNMp6mp4p \
    BdfSIBpfp8lqSevgT+e8Zbz9bo5HSrBNcSHKuMwBmP3WUlZvJ3kQYttJl7hIkzR/tlm+MdggSp4KB5RK2JG/EwT8ytUhL2KzQygf/2T0Xu1LEetC168q \
    kNPAF60YaXfwX5Qn4vkCgYEAkHDneij6VPRbf4c0AUeM09IbK2z3HvnjcpH8o/bJAmItvkF2stU7X4AnnHkjG1z+RwRt0Ir13Ayfjh5SLkVgV2nLi6bv \
    VoutXg6c4Faa5PLWmEJI1B+ghInr4SsmjuRa550jOGXdUUvJTrNTEh5/AnIMuNpPy6Acprq7+2wkhrECgYAsFyTwtSNZXcKfwp0A1I0udhN7v3xSCKk1 \
    1Jxe1fBLvGFydeUCcs8RZ3/jg6MGZSOlBizctcE4De7B2ZB7r+pQIDYKMLjHY0z7zGusVNAJ9Ed7sg8/PydYGKna1mwtRESFSGQa8iasNQRVxtSx2ZrJ \
    0CfzyuNNqCfzazdL6vJ8YQKBgQCXQ5dVHxOzngWv/+LuCe26ZSBiXoV61lI+ED8hiUH5HLP+VUZM+K3e8mox0WleU8ZhynKWKEPWZhcgaQ12SCn+3doQ \
    4G/c9OO9bKHdgtTje4cgYiYO5EHiM1gtJ+MhCqFjCrNHtGUMBOBz0jzUPrHUGmNtO60/2bKxMiOEQyFecw==";

/// How an ID token is signed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Signing {
    Rsa,
    Ec,
    /// `alg: none`, without a signature.
    Nothing,
    /// `alg: HS256`, with what everybody can read of the RSA key as the secret.
    PublicKeyAsSecret,
    /// `alg: HS256`, with the client's secret.
    ClientSecret,
    /// A key of somebody else under the id of the real one.
    AnotherKey,
}

/// What the provider does, for a test to change.
pub struct Acts {
    /// Claims in the place of the usual ones; null takes one away.
    pub claims: Map<String, Value>,
    /// The same for the metadata.
    pub metadata: Map<String, Value>,
    /// The same for the keys: whole members of each key.
    pub key: Map<String, Value>,
    /// What the `UserInfo` endpoint answers.
    pub userinfo: Option<Value>,
    pub signing: Signing,
    pub key_id: String,
    /// Every answer has this status instead.
    pub status: Option<u16>,
    /// The token endpoint answers so instead.
    pub token_answer: Option<(u16, String)>,
    /// What was asked for, in order: the path, the header, and the body.
    pub asked: Vec<(String, String, String)>,
    codes: HashMap<String, Code>,
    now: DateTime<Utc>,
}

struct Code {
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

struct Pairs {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    other: EcdsaKeyPair,
}

/// Ends with the process.
#[derive(Clone)]
pub struct Provider {
    /// `http://127.0.0.1:PORT`.
    pub issuer: String,
    acts: Arc<Mutex<Acts>>,
    pairs: Arc<Pairs>,
}

fn new_ec() -> EcdsaKeyPair {
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
}

impl Provider {
    /// Whose clock stands at `now`.
    pub fn start(now: DateTime<Utc>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let acts = Acts {
            claims: Map::new(),
            metadata: Map::new(),
            key: Map::new(),
            userinfo: None,
            signing: Signing::Rsa,
            key_id: "first".into(),
            status: None,
            token_answer: None,
            asked: Vec::new(),
            codes: HashMap::new(),
            now,
        };
        let rsa = RsaKeyPair::from_der(&STANDARD.decode(RSA.replace(char::is_whitespace, "")).unwrap()).unwrap();
        let provider = Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            acts: Arc::new(Mutex::new(acts)),
            pairs: Arc::new(Pairs { rsa, ec: new_ec(), other: new_ec() }),
        };
        let served = provider.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let provider = served.clone();
                thread::spawn(move || provider.serve(stream));
            }
        });
        provider
    }

    pub fn acts(&self) -> MutexGuard<'_, Acts> {
        self.acts.lock().unwrap()
    }

    /// Has the ID tokens say something else. Null takes a claim away.
    pub fn claim(&self, name: &str, value: Value) {
        self.acts().claims.insert(name.to_owned(), value);
    }

    /// How often a path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.acts().asked.iter().filter(|(asked, ..)| asked.starts_with(path)).count()
    }

    /// What the provider sends a browser back with that was sent to this address: the code and the state.
    pub fn sign_in(&self, url: &str) -> (String, String) {
        assert!(url.starts_with(&format!("{}/authorize?", self.issuer)), "{url}");
        let query: HashMap<String, String> = url::Url::parse(url).unwrap().query_pairs().into_owned().collect();
        let said = |name: &str| query.get(name).unwrap_or_else(|| panic!("no {name} in {url}")).clone();
        assert_eq!((&*said("response_type"), &*said("client_id")), ("code", CLIENT));
        assert_eq!((&*said("code_challenge_method"), &*said("scope")), ("S256", "openid email profile"));
        let code = Code { nonce: said("nonce"), challenge: said("code_challenge"), redirect_uri: said("redirect_uri") };
        let mut acts = self.acts();
        let name = format!("code-{}", acts.codes.len() + acts.asked.len());
        acts.codes.insert(name.clone(), code);
        (name, said("state"))
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let (mut first, mut header, mut length) = (String::new(), String::new(), 0);
        reader.read_line(&mut first).unwrap_or(0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            header.push_str(&line);
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let Some(path) = first.split(' ').nth(1) else { return };
        let body = String::from_utf8(body).unwrap();
        let (status, headers, answer) = self.answer(path, &header, &body);
        let head = format!(
            "HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n",
            answer.len()
        );
        drop(reader.get_mut().write_all([head.as_bytes(), answer.as_bytes()].concat().as_slice()));
    }

    fn answer(&self, path: &str, header: &str, body: &str) -> (u16, String, String) {
        let plain = |(status, body): (u16, String)| (status, String::new(), body);
        self.acts().asked.push((path.to_owned(), header.to_owned(), body.to_owned()));
        if let Some(status) = self.acts().status {
            return (status, "Location: https://evil.example/\r\n".into(), "{}".into());
        }
        let end = path.split('?').next().unwrap_or_default();
        match end.rsplit('/').next().unwrap_or_default() {
            "openid-configuration" => plain((200, self.metadata())),
            "jwks" => plain((200, self.keys())),
            "token" => plain(self.redeem(header, body)),
            "userinfo" => match self.acts().userinfo.clone() {
                Some(info) => plain((200, info.to_string())),
                None => plain((404, "{}".into())),
            },
            "authorize" => {
                let (code, state) = self.sign_in(&format!("{}{path}", self.issuer));
                let url = url::Url::parse(&format!("{}{path}", self.issuer)).unwrap();
                let back = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
                (302, format!("Location: {back}?code={code}&state={state}\r\n"), String::new())
            }
            _ => plain((404, "{}".into())),
        }
    }

    fn metadata(&self) -> String {
        let issuer = &self.issuer;
        let mut document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        });
        merge(&mut document, &self.acts().metadata);
        document.to_string()
    }

    fn keys(&self) -> String {
        let url64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let components = PublicKeyComponents::<Vec<u8>>::from(self.pairs.rsa.public());
        let point = self.pairs.ec.public_key().as_ref();
        let acts = self.acts();
        let mut rsa = json!({"kty": "RSA", "use": "sig", "n": url64(&components.n), "e": url64(&components.e)});
        let mut ec = json!({"kty": "EC", "crv": "P-256", "x": url64(&point[1..33]), "y": url64(&point[33..])});
        for key in [&mut rsa, &mut ec] {
            key["kid"] = json!(acts.key_id);
            merge(key, &acts.key);
        }
        json!({"keys": [{"kty": "oct", "k": "AAAA"}, rsa, ec]}).to_string()
    }

    /// Looks at what a provider must look at, and answers with an ID token.
    fn redeem(&self, header: &str, body: &str) -> (u16, String) {
        if let Some(answer) = self.acts().token_answer.clone() {
            return answer;
        }
        let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let basic = STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET)));
        let is_client = header.contains(&format!("Basic {basic}"))
            || (said("client_id"), said("client_secret")) == (CLIENT, SECRET);
        if !is_client {
            return (401, json!({"error": "invalid_client", "error_description": SECRET}).to_string());
        }
        let Some(code) = self.acts().codes.remove(said("code")) else {
            return (400, json!({"error": "invalid_grant"}).to_string());
        };
        let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, said("code_verifier").as_bytes()));
        if challenge != code.challenge || said("redirect_uri") != code.redirect_uri {
            return (400, json!({"error": "invalid_grant"}).to_string());
        }
        let token = self.token(&code.nonce);
        (200, json!({"access_token": "access", "token_type": "Bearer", "id_token": token}).to_string())
    }

    fn token(&self, nonce: &str) -> String {
        let acts = self.acts();
        let now = acts.now.timestamp();
        let mut claims = json!({"iss": self.issuer, "sub": "subject-1", "aud": CLIENT, "exp": now + 300, "iat": now,
            "nonce": nonce, "email": "ann@lot.example", "email_verified": true, "name": "Ann Lee"});
        merge(&mut claims, &acts.claims);
        let algorithm = match acts.signing {
            Signing::Rsa => "RS256",
            Signing::Ec | Signing::AnotherKey => "ES256",
            Signing::Nothing => "none",
            Signing::PublicKeyAsSecret | Signing::ClientSecret => "HS256",
        };
        let header = json!({"alg": algorithm, "kid": acts.key_id, "typ": "JWT"});
        let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let random = SystemRandom::new();
        let mac = |key: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec();
        let signature = match acts.signing {
            Signing::Rsa => {
                let mut signature = vec![0; self.pairs.rsa.public().modulus_len()];
                self.pairs.rsa.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
                signature
            }
            Signing::Ec => self.pairs.ec.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
            Signing::AnotherKey => self.pairs.other.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
            Signing::Nothing => Vec::new(),
            Signing::PublicKeyAsSecret => mac(self.pairs.rsa.public().as_ref()),
            Signing::ClientSecret => mac(SECRET.as_bytes()),
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn merge(document: &mut Value, changes: &Map<String, Value>) {
    let document = document.as_object_mut().unwrap();
    for (name, value) in changes {
        if value.is_null() {
            document.remove(name);
        } else {
            document.insert(name.clone(), value.clone());
        }
    }
}
