//! The prefixed-api-key crate in process: nanoseconds to parse a key and compare its hash, as one number on standard output, the lowest of
//! several rounds over ten thousand keys.

use std::{hint::black_box, time::Instant};

use prefixed_api_key::{PrefixedApiKey, PrefixedApiKeyController};

fn main() {
    let controller = PrefixedApiKeyController::configure().prefix("mg".to_owned()).seam_defaults().finalize().expect("a controller");
    let keys: Vec<(String, String)> = (0..10_000)
        .map(|_| {
            let (key, hash) = controller.generate_key_and_hash();
            (key.to_string(), hash)
        })
        .collect();
    let mut lowest = f64::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        for _ in 0..20 {
            for (text, hash) in &keys {
                let key = PrefixedApiKey::from_string(text).expect("a key");
                assert!(black_box(controller.check_hash(&key, hash)));
            }
        }
        lowest = lowest.min(start.elapsed().as_nanos() as f64 / (20 * keys.len()) as f64);
    }
    println!("{lowest:.1}");
}
