//! Single sign-on: a portal launches an application, which gets a code for the launch and tokens
//! for the code.

use std::fmt;

use reqwest::header::{ACCEPT, LOCATION};
use reqwest::{RequestBuilder, Response, Url};
use serde_json::Value;

use super::connector::Connector;
use super::error::{Error, Result};

/// Whom an application is launched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launch {
    /// The application: its client_id.
    pub client_id: String,
    /// The patient: an absolute URL.
    pub patient: String,
    /// Who acts, where that is somebody else.
    pub user: Option<String>,
    /// What is to be done, as the application understands it.
    pub resource: Option<String>,
    /// What the user intends.
    pub intent: Option<String>,
}

impl Launch {
    fn parameters(&self) -> Vec<(&'static str, &str)> {
        [
            ("client_id", Some(self.client_id.as_str())),
            ("patient", Some(self.patient.as_str())),
            ("user", self.user.as_deref()),
            ("resource", self.resource.as_deref()),
            ("intent", self.intent.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// What a person types into a mobile application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivationCode {
    /// The digits.
    pub code: String,
    /// For how many days they can be used.
    pub days: u64,
}

/// What an application asks for with a launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorize {
    /// The application: its client_id.
    pub client_id: String,
    /// The launch id, or the activation code.
    pub launch: String,
    /// Where the code is to go.
    pub redirect_uri: String,
    /// The challenge of PKCE (S256).
    pub challenge: Option<String>,
}

/// How an application shows who it is at the token endpoint.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientSecret {
    /// By the secret of its client_id.
    Secret {
        /// The client_id.
        client_id: String,
        /// The secret.
        secret: String,
    },
    /// Not at all: a public client.
    Public,
}

/// Tokens, and what was said at the launch. `Debug` shows no token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The access token.
    pub access_token: String,
    /// The refresh token, where the application gets one.
    pub refresh_token: Option<String>,
    /// For how many seconds the access token can be used.
    pub expires_in: u64,
    /// The whole answer.
    pub answer: Value,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl Connector {
    /// Launches an application: the URL to send the browser to.
    pub async fn launch(&self, launch: &Launch) -> Result<String> {
        let url = self.sso("Launch", launch.parameters());
        location(self.in_own_name(self.client.get(url)).send().await?).await
    }

    /// Asks for an activation code.
    pub async fn mobile_launch(&self, launch: &Launch) -> Result<ActivationCode> {
        let url = self.sso("MobileLaunch", launch.parameters());
        let answer = object(self.in_own_name(self.client.get(url)).send().await?).await?;
        let days = answer["expires_in"].as_u64();
        match (answer["activation_code"].as_str(), days) {
            (Some(code), Some(days)) => Ok(ActivationCode { code: code.to_owned(), days }),
            _ => Err(Error::unexpected(200, "the answer has no activation code")),
        }
    }

    /// The URL that a browser goes to for a code.
    pub fn authorize_url(&self, authorize: &Authorize) -> Url {
        let scope = format!("launch:{} patient/*.read", authorize.launch);
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", authorize.client_id.as_str()),
            ("redirect_uri", authorize.redirect_uri.as_str()),
            ("scope", scope.as_str()),
        ];
        if let Some(challenge) = &authorize.challenge {
            parameters.push(("code_challenge", challenge));
            parameters.push(("code_challenge_method", "S256"));
        }
        self.sso("Authorize", parameters)
    }

    /// Gets a code for a launch or an activation code, as the browser or the mobile application
    /// would.
    pub async fn authorize(&self, authorize: &Authorize) -> Result<String> {
        let request = self.client.get(self.authorize_url(authorize));
        let response = request.header(ACCEPT, "application/json").send().await?;
        if response.status().is_redirection() {
            let back = location(response).await?;
            let back = Url::parse(&back).map_err(|_| Error::unexpected(302, "no URL"))?;
            let parameter = |name: &str| {
                let found = back.query_pairs().find(|(known, _)| known == name);
                found.map(|(_, value)| value.into_owned())
            };
            return parameter("code").ok_or_else(|| {
                let why = parameter("error_description").or_else(|| parameter("error"));
                Error::unexpected(302, why.unwrap_or_else(|| "no code".to_owned()))
            });
        }
        let answer = object(response).await?;
        let code = answer["authorization_code"].as_str();
        code.map(str::to_owned).ok_or_else(|| Error::unexpected(200, "the answer has no code"))
    }

    /// Gets tokens for a code.
    pub async fn token(
        &self,
        client: &ClientSecret,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
    ) -> Result<Token> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
        ];
        form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        self.tokens(client, &form).await
    }

    /// Gets new tokens for a refresh token; the access token before is worthless then.
    pub async fn refresh(&self, client: &ClientSecret, refresh_token: &str) -> Result<Token> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.tokens(client, &form).await
    }

    async fn tokens(&self, client: &ClientSecret, form: &[(&str, &str)]) -> Result<Token> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self
            .client
            .post(self.sso("Token", Vec::new()))
            .header(ACCEPT, "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        if let ClientSecret::Secret { client_id, secret } = client {
            request = request.basic_auth(client_id, Some(secret));
        }
        let answer = object(request.send().await?).await?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        match (text("access_token"), answer["expires_in"].as_u64()) {
            (Some(access_token), Some(expires_in)) => {
                let refresh_token = text("refresh_token");
                Ok(Token { access_token, refresh_token, expires_in, answer })
            }
            _ => Err(Error::unexpected(200, "the answer has no access token")),
        }
    }

    /// The URL of an endpoint of single sign-on, which is beside the FHIR service.
    fn sso(&self, endpoint: &str, parameters: Vec<(&str, &str)>) -> Url {
        let mut url = self.base.clone();
        let root = url.path().rsplitn(3, '/').nth(2).unwrap_or_default().to_owned();
        url.set_path(&format!("{root}/OAuth2/Koppeltaal/{endpoint}"));
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        url
    }

    fn in_own_name(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.username, Some(&self.password)).header(ACCEPT, "application/json")
    }
}

async fn location(response: Response) -> Result<String> {
    let to = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    if let Some(to) = to.filter(|_| response.status().is_redirection()) {
        return Ok(to.to_owned());
    }
    Err(refused(response).await)
}

async fn object(response: Response) -> Result<Value> {
    if !response.status().is_success() {
        return Err(refused(response).await);
    }
    let status = response.status().as_u16();
    let bytes = response.bytes().await?;
    serde_json::from_slice(&bytes).map_err(|error| Error::unexpected(status, error.to_string()))
}

/// Every refusal is an OperationOutcome, those of OAuth too.
async fn refused(response: Response) -> Error {
    let status = response.status().as_u16();
    match response.bytes().await {
        Ok(bytes) => Error::of_answer(status, &bytes),
        Err(error) => Error::from(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Integration;
    use super::*;

    #[test]
    fn single_sign_on_is_beside_the_mailbox() {
        for (base, expected) in [
            ("https://h", "https://h/OAuth2/Koppeltaal/Launch?a=b+c"),
            ("https://h:1/x/FHIR/Koppeltaal/", "https://h:1/x/OAuth2/Koppeltaal/Launch?a=b+c"),
        ] {
            let integration = Integration::new("n", "e");
            let connector = Connector::new(base, "u", "p", "d", integration).unwrap();
            assert_eq!(connector.sso("Launch", vec![("a", "b c")]).as_str(), expected);
        }
    }
}
