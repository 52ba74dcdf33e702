//! A fake OpenID provider on loopback. By itself it keeps to the rules, and holds
//! its client to them (secret, redirect URI, PKCE, a code once); told so, it misbehaves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use koppeltaal_client::kt2::{KeyKind, Pkce, PrivateKey, Signer};
use koppeltaal_core::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::form_urlencoded::parse;

use crate::provider_sign_in::{Reply, SignIn, Signature};

/// What this server is called there.
pub const CLIENT: &str = "koppeltaal";
/// What it shows there; some of it has to be escaped on the way.
pub const SECRET: &str = "geheim: & méér";

/// What a code is worth.
#[derive(Debug)]
struct Granted {
    redirect_uri: String,
    challenge: String,
    id_token: String,
    reply: Reply,
}

#[derive(Debug, Default)]
struct State {
    granted: HashMap<String, Granted>,
    discovery: Option<Value>,
    is_down: bool,
}

/// The provider; it ends with the runtime of its test.
#[derive(Debug, Clone)]
pub struct Provider {
    pub issuer: String,
    signer: Signer,
    state: Arc<Mutex<State>>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            signer: new_signer(),
            state: Arc::default(),
        };
        let served = provider.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().serve(stream));
            }
        });
        provider
    }

    /// From now on every connection is cut; or no longer.
    pub fn goes_down(&self, is_down: bool) {
        self.state.lock().unwrap().is_down = is_down;
    }

    /// From now on this is what it publishes about itself.
    pub fn publishes(&self, document: Value) {
        self.state.lock().unwrap().discovery = Some(document);
    }

    /// What it publishes about itself.
    pub fn document(&self) -> Value {
        let issuer = &self.issuer;
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        })
    }

    /// Somebody signs in after being sent to `location`; where the browser is sent
    /// back to.
    #[track_caller]
    pub fn signs_in(&self, location: &str, who: &SignIn, now: Timestamp) -> String {
        let asked = self.asked(location);
        let code = uuid::Uuid::new_v4().to_string();
        let granted = Granted {
            redirect_uri: asked["redirect_uri"].clone(),
            challenge: asked["code_challenge"].clone(),
            id_token: self.id_token(&asked["nonce"], who, now),
            reply: who.reply,
        };
        self.state.lock().unwrap().granted.insert(code.clone(), granted);
        back(&asked, &[("code", &code)])
    }

    /// Nobody signs in: where the browser is sent back to with this error.
    #[track_caller]
    pub fn refuses(&self, location: &str, error: &str) -> String {
        back(&self.asked(location), &[("error", error), ("error_description", "someone@secret")])
    }

    /// The parameters of an authorization request to this provider.
    #[track_caller]
    pub fn asked(&self, location: &str) -> HashMap<String, String> {
        let (endpoint, query) = location.split_once('?').expect(location);
        assert_eq!(endpoint, format!("{}/authorize", self.issuer));
        let pairs: Vec<_> = parse(query.as_bytes()).into_owned().collect();
        let asked: HashMap<_, _> = pairs.iter().cloned().collect();
        assert_eq!(asked.len(), pairs.len(), "each once: {location}");
        asked
    }

    fn id_token(&self, nonce: &str, who: &SignIn, now: Timestamp) -> String {
        let seconds = now.0.div_euclid(1_000_000);
        let mut claims = json!({
            "iss": self.issuer,
            "sub": "subject-7",
            "aud": CLIENT,
            "iat": seconds,
            "exp": seconds + 300,
            "auth_time": seconds - 20,
            "nonce": nonce,
        });
        let claims = claims.as_object_mut().unwrap();
        claims.extend(who.claims.as_object().unwrap().clone());
        claims.retain(|_, value| !value.is_null());
        let mut header = json!({ "alg": "ES256", "kid": "provider" });
        let forger = new_signer();
        let signer = match who.signature {
            Signature::Right => &self.signer,
            Signature::Forged => &forger,
            Signature::Missing => {
                header["alg"] = "none".into();
                let part = |text: String| URL_SAFE_NO_PAD.encode(text);
                let claims = Value::Object(claims.clone()).to_string();
                return format!("{}.{}.", part(header.to_string()), part(claims));
            }
        };
        let header = header.as_object().unwrap();
        signer.key().sign(signer.algorithm(), header, claims).unwrap()
    }

    async fn serve(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let Some((path, authorization, body)) = read(&mut stream).await else { return };
        let (is_down, published) = {
            let state = self.state.lock().unwrap();
            (state.is_down, state.discovery.clone())
        };
        if is_down {
            return;
        }
        let published = published.unwrap_or_else(|| self.document());
        let (status, kind, body) = match path.as_str() {
            "/.well-known/openid-configuration" => (200, "application/json", published.to_string()),
            "/jwks" => {
                let jwk = self.signer.key().public_jwk("provider");
                (200, "application/json", json!({ "keys": [jwk] }).to_string())
            }
            "/token" => match self.token(&authorization, &body) {
                Ok(Reply::Silence) => std::future::pending().await,
                Ok(Reply::Cut) => return,
                Ok(Reply::Html) => (200, "text/html", "<h1>Welkom</h1>".to_owned()),
                Ok(Reply::Status(status)) => (status, "text/html", "<h1>Oei</h1>".to_owned()),
                Ok(Reply::Error(error)) => {
                    (400, "application/json", json!({ "error": error }).to_string())
                }
                Ok(_) => (500, "text/plain", "a test forgot something".to_owned()),
                Err(tokens) => (200, "application/json", tokens.to_string()),
            },
            _ => (404, "text/plain", String::new()),
        };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        // The caller may have had enough already.
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    /// The tokens for a request that is right (`Err`), or what else is answered.
    fn token(&self, authorization: &str, body: &str) -> Result<Reply, Value> {
        let form: HashMap<String, String> = parse(body.as_bytes()).into_owned().collect();
        let of = |name: &str| form.get(name).map_or("", String::as_str);
        if credentials(authorization) != Some((CLIENT.to_owned(), SECRET.to_owned())) {
            return Ok(Reply::Error("invalid_client"));
        }
        let Some(granted) = self.state.lock().unwrap().granted.remove(of("code")) else {
            return Ok(Reply::Error("invalid_grant"));
        };
        if of("grant_type") != "authorization_code"
            || of("redirect_uri") != granted.redirect_uri
            || Pkce::from_verifier(of("code_verifier")).challenge != granted.challenge
        {
            return Ok(Reply::Error("invalid_request"));
        }
        let mut tokens = json!({ "access_token": "a", "token_type": "Bearer", "expires_in": 60 });
        match granted.reply {
            Reply::Tokens => tokens["id_token"] = granted.id_token.into(),
            Reply::WithoutIdToken => {}
            other => return Ok(other),
        }
        Err(tokens)
    }
}

fn new_signer() -> Signer {
    Signer::new(PrivateKey::generate(KeyKind::P256).unwrap())
}

/// The redirect URI with the answer and the state.
fn back(asked: &HashMap<String, String>, answer: &[(&str, &str)]) -> String {
    let mut url = url::Url::parse(&asked["redirect_uri"]).unwrap();
    url.query_pairs_mut().extend_pairs(answer).append_pair("state", &asked["state"]);
    url.into()
}

/// Basic credentials as RFC 6749 (2.3.1) wants them: each form-encoded.
fn credentials(header: &str) -> Option<(String, String)> {
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    let plain = |text: &str| parse(text.as_bytes()).next().map(|(plain, _)| plain.into_owned());
    Some((plain(user)?, plain(password)?))
}

/// Path, `Authorization` and body of a request.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<(String, String, String)> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut authorization, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => authorization = value.to_owned(),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((path, authorization, String::from_utf8(body).ok()?))
}
