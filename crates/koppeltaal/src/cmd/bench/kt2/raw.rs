//! The raw bound: what one RS512 verification and one RS512 signature with 2048 bits cost, without
//! anything around them, on one thread and on all cores.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA512, RsaKeyPair,
};
use serde::Serialize;

/// As long as the signed part of an assertion.
const MESSAGE: [u8; 500] = [b'x'; 500];

/// Pairs of a verification and a signature in a second.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Raw {
    /// The cores.
    pub threads: usize,
    /// On one thread.
    pub one_thread_per_second: f64,
    /// On as many threads as there are cores.
    pub all_cores_per_second: f64,
}

/// Measures for so long, twice.
pub fn measure(duration: Duration) -> anyhow::Result<Raw> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no key"))?;
    let threads = thread::available_parallelism().map_or(1, usize::from);
    Ok(Raw {
        threads,
        one_thread_per_second: rate(&pair, 1, duration)?,
        all_cores_per_second: rate(&pair, threads, duration)?,
    })
}

fn rate(pair: &RsaKeyPair, threads: usize, duration: Duration) -> anyhow::Result<f64> {
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| one_thread(pair, duration))).collect();
        let mut sum = 0.0;
        for worker in workers {
            sum += worker.join().map_err(|_| anyhow!("a thread broke"))??;
        }
        Ok(sum)
    })
}

fn one_thread(pair: &RsaKeyPair, duration: Duration) -> anyhow::Result<f64> {
    let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, pair.public_key().as_ref())
        .map_err(|_| anyhow!("no public key"))?;
    let random = SystemRandom::new();
    let mut signature = vec![0; pair.public_modulus_len()];
    let sign = |signature: &mut Vec<u8>| {
        pair.sign(&RSA_PKCS1_SHA512, &random, &MESSAGE, signature).ok().context("no signature")
    };
    sign(&mut signature)?;
    let (started, mut pairs) = (Instant::now(), 0_u32);
    while started.elapsed() < duration {
        public.verify_sig(&MESSAGE, &signature).ok().context("a wrong signature")?;
        sign(&mut signature)?;
        pairs += 1;
    }
    Ok(f64::from(pairs) / started.elapsed().as_secs_f64())
}
