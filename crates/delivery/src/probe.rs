//! Whether something answers at a URL: for `doctor`, which notifies nobody.

use std::path::Path;
use std::time::Duration;

use url::Url;

/// Asks for the URL; anything but a 2xx is an error in words.
pub async fn get(url: &str, ca_file: Option<&Path>, patience: Duration) -> Result<(), String> {
    let mut builder = reqwest::Client::builder()
        .timeout(patience)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    if let Some(path) = ca_file {
        let pem = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let anchors = reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| e.to_string())?;
        for anchor in anchors {
            builder = builder.add_root_certificate(anchor);
        }
    }
    let client = builder.build().map_err(|error| error.to_string())?;
    let answer = client.get(url).send().await.map_err(|error| in_words(&error))?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(format!("it answers {}", answer.status()))
    }
}

/// Connects to the host of the URL and says nothing.
pub async fn connect(url: &str, patience: Duration) -> Result<(), String> {
    let url = Url::parse(url).map_err(|error| error.to_string())?;
    let host = url.host_str().ok_or("it has no host")?.trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().ok_or("it has no port")?;
    let connecting = tokio::net::TcpStream::connect((host, port));
    match tokio::time::timeout(patience, connecting).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("nobody answers".to_owned()),
    }
}

/// The deepest cause says most.
fn in_words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
