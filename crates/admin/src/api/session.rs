//! Signing in with a browser, out again, and setting a password by a link.

use koppeltaal_auth::administrator::{COOKIE, SignIn};
use koppeltaal_core::Result;
use koppeltaal_core::administrator::{Administrator, Means, Rights};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::asked::Asked;
use crate::operate::administrator::rights;
use crate::page::{self, Object};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    username: String,
    password: String,
    totp: String,
}

/// A cookie that scripts do not see and that no page elsewhere makes the browser
/// send; what changes needs the token of the answer as header, too.
pub(super) async fn begin(asked: Asked) -> Result<Answer, Refusal> {
    let given: Given = asked.json()?;
    let signed_in = asked
        .app
        .administrators
        .sign_in(SignIn {
            login: &given.username,
            password: &given.password,
            code: &given.totp,
            peer: asked.peer,
            request_id: &asked.request_id,
        })
        .await?;
    let mut object = object(&signed_in.administrator);
    object.insert("csrf_token".to_owned(), Value::from(signed_in.csrf_token));
    let mut answer = Answer::json(&object)?.created();
    answer.cookie = Some(cookie(&asked, &signed_in.cookie, ""));
    Ok(answer)
}

/// Who the caller is.
pub(super) async fn show(asked: Asked) -> Result<Answer, Refusal> {
    Answer::json(&object(asked.administrator()?))
}

pub(super) async fn end(asked: Asked) -> Result<Answer, Refusal> {
    asked.app.administrators.sign_out(&asked.headers).await?;
    let mut answer = Answer::nothing();
    answer.cookie = Some(cookie(&asked, "", "; Max-Age=0"));
    Ok(answer)
}

fn cookie(asked: &Asked, value: &str, more: &str) -> String {
    let secure = if asked.app.is_https { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}")
}

fn object(who: &Administrator) -> Object {
    let of: &Rights = &who.rights;
    let mut object = rights(of);
    object.extend(page::object(json!({
        "name": who.name,
        "means": match who.means {
            Means::Token => "token",
            Means::Password => "password",
            Means::Session => "session",
        },
    })));
    object
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    link: String,
    password: String,
}

pub(super) async fn set_password(asked: Asked) -> Result<Answer, Refusal> {
    let NewPassword { link, password } = asked.json()?;
    let issuer = &asked.app.settings.server_name;
    let used =
        asked.app.administrators.use_link(&link, password, issuer, &asked.request_id).await?;
    Answer::json(&json!({ "login": used.login, "totp_url": used.totp_url }))
}
