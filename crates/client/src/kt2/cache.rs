//! Access tokens that were obtained, by scope, for as long as they are worth using.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::lock::Mutex;

use super::answer::AccessToken;
use super::error::Result;

/// So long before its end a token is not used any more: the request that carries it takes time,
/// and clocks differ.
const MARGIN: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<String, (AccessToken, Instant)>>);

impl Cache {
    /// The token for a scope, from here or from `obtain`. Whoever asks meanwhile waits for it.
    pub(super) async fn get(
        &self,
        scope: &str,
        now: impl Fn() -> Instant,
        obtain: impl AsyncFnOnce() -> Result<AccessToken>,
    ) -> Result<AccessToken> {
        let mut tokens = self.0.lock().await;
        let asked = now();
        tokens.retain(|_, (_, until)| *until > asked);
        if let Some((token, _)) = tokens.get(scope) {
            return Ok(token.clone());
        }
        let token = obtain().await?;
        if let Some(lifetime) = token.expires_in().and_then(|life| life.checked_sub(MARGIN)) {
            // Counted from the question on: the answer may have taken its time.
            tokens.insert(scope.to_owned(), (token.clone(), asked + lifetime));
        }
        Ok(token)
    }

    /// Forgets them all.
    pub(super) async fn clear(&self) {
        self.0.lock().await.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;

    fn token(expires_in: u64) -> AccessToken {
        let answer = json!({"access_token": "t", "expires_in": expires_in});
        AccessToken::read(200, answer.as_object().unwrap().clone()).unwrap()
    }

    #[tokio::test]
    async fn a_token_is_used_until_thirty_seconds_before_its_end() {
        let (cache, start) = (Cache::default(), Instant::now());
        let obtained = Cell::new(0);
        let ask = async |scope: &str, after: u64| {
            let now = || start + Duration::from_secs(after);
            let obtain = async || {
                obtained.set(obtained.get() + 1);
                Ok(token(300))
            };
            cache.get(scope, now, obtain).await.unwrap();
            obtained.get()
        };
        assert_eq!(ask("", 0).await, 1);
        assert_eq!(ask("", 269).await, 1);
        assert_eq!(ask("system/*.rs", 269).await, 2);
        assert_eq!(ask("", 270).await, 3);
        cache.clear().await;
        assert_eq!(ask("", 271).await, 4);
    }

    #[tokio::test]
    async fn a_token_that_lives_shorter_than_the_margin_is_obtained_each_time() {
        let cache = Cache::default();
        let obtained = Cell::new(0);
        for _ in 0..2 {
            let obtain = async || {
                obtained.set(obtained.get() + 1);
                Ok(token(20))
            };
            cache.get("", Instant::now, obtain).await.unwrap();
        }
        assert_eq!(obtained.get(), 2);
    }
}
