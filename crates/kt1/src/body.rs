//! The whole body of a request, within its limits of size and time.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::answer::Refusal;

/// How long the rest of a body that is too large is read, so that its sender
/// hears the answer instead of a broken connection.
const DISCARDING: Duration = Duration::from_secs(5);

/// Reads at most `limit` bytes that arrive within `timeout`.
pub(crate) async fn read<B>(
    headers: &HeaderMap,
    body: B,
    limit: usize,
    timeout: Duration,
) -> Result<Bytes, Refusal>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut body = std::pin::pin!(body);
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        // Who asked before sending is answered before sending.
        if !headers.contains_key(header::EXPECT) {
            discard(body, limit).await;
        }
        return Err(too_long(limit));
    }
    let whole = Limited::new(body.as_mut(), limit).collect();
    match tokio::time::timeout(timeout, whole).await {
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "timeout",
            "The body did not arrive in time.",
        )),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            discard(body, limit).await;
            Err(too_long(limit))
        }
        Ok(Err(_)) => Err(Refusal::bad_request("structure", "The body did not arrive complete.")),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
    }
}

async fn discard<B>(mut body: std::pin::Pin<&mut B>, most: usize)
where
    B: http_body::Body<Data = Bytes>,
{
    let read = async {
        let mut left = most;
        while let Some(Ok(frame)) = body.frame().await {
            let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else {
                return;
            };
            left = rest;
        }
    };
    let _ = tokio::time::timeout(DISCARDING, read).await;
}

fn too_long(limit: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-long",
        "too-long",
        format!("The body is larger than the {limit} bytes that this server reads."),
    )
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body::Frame;
    use http_body_util::Full;

    use super::*;

    /// One byte, and then nothing for ever.
    struct Stalled(bool);

    impl http_body::Body for Stalled {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"{")))))
        }
    }

    fn status(result: Result<Bytes, Refusal>) -> Result<usize, StatusCode> {
        result.map(|body| body.len()).map_err(|refusal| refusal.status)
    }

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_body_that_stalls_is_cut_off() {
        let read = read(&HeaderMap::new(), Stalled(false), 10, SOON).await;
        assert_eq!(status(read), Err(StatusCode::REQUEST_TIMEOUT));
    }

    #[tokio::test]
    async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
        let none = HeaderMap::new();
        for (length, expected) in [
            (0, Ok(0)),
            (10, Ok(10)),
            (11, Err(StatusCode::PAYLOAD_TOO_LARGE)),
            (1000, Err(StatusCode::PAYLOAD_TOO_LARGE)),
        ] {
            let body = Full::new(Bytes::from(vec![b' '; length]));
            assert_eq!(status(read(&none, body, 10, SOON).await), expected, "{length}");
        }
    }

    #[tokio::test]
    async fn a_declared_length_beyond_the_limit_is_refused_without_waiting_for_a_patient_sender() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, "11".parse().unwrap());
        headers.insert(header::EXPECT, "100-continue".parse().unwrap());
        let read = read(&headers, Stalled(true), 10, SOON).await;
        assert_eq!(status(read), Err(StatusCode::PAYLOAD_TOO_LARGE));
    }
}
