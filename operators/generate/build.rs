//! Lays the vocabulary `o200k_base` out as a hash table that needs no loading: see `src/tokens/o200k.rs`.

use std::path::PathBuf;

include!("src/tokens/layout.rs");

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/tokens/layout.rs");
    let encoder = tiktoken_rs::o200k_base().expect("the vocabulary is part of its crate");
    let mut ends: Vec<u32> = Vec::new();
    let mut bytes: Vec<u8> = Vec::new();
    let mut slots: Vec<u32> = vec![0; SLOTS];
    for rank in 0.. {
        let Ok(token) = encoder.decode_bytes(&[rank]) else { break };
        // The first special token follows the last of the ranks.
        if token.starts_with(b"<|endoftext|>") {
            break;
        }
        let mut slot = slot_of(&token);
        while slots[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        slots[slot] = rank + 1;
        bytes.extend_from_slice(&token);
        ends.push(u32::try_from(bytes.len()).expect("a vocabulary is a few megabytes"));
    }
    assert!(ends.len() > 199_000, "the vocabulary has {} tokens", ends.len());
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names it"));
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    std::fs::write(folder.join("o200k.slots"), words(&slots)).expect("the folder can be written");
    std::fs::write(folder.join("o200k.ends"), words(&ends)).expect("the folder can be written");
    std::fs::write(folder.join("o200k.bytes"), bytes).expect("the folder can be written");
}
