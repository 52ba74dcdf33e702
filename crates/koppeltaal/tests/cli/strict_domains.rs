//! Domains of real people (phase acceptance and production): what `apply` asks
//! of them.

use super::*;

const STRICT: &str = "[[domain]]\nname = 'p'\nphase = 'production'\n";

fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let said = folder.run(arguments);
    assert_eq!((said.code, said.out.as_str()), (4, ""), "{arguments:?}: {}", said.err);
    for words in ["p.toml:3: phase: ", "KOPPELTAAL_SEAL_KEY", "openssl rand -base64 32"] {
        assert!(said.err.contains(words), "{words}: {}", said.err);
    }
    said.err
}

fn phase(folder: &Folder) -> String {
    folder.json(&["domain", "show", "p"])["phase"].as_str().unwrap().to_owned()
}

#[test]
fn no_domain_becomes_one_of_real_people_under_the_development_key() {
    let folder = Folder::new();
    folder.file("p.toml", STRICT);
    // No store yet.
    refused(&folder, &["apply", "p.toml", "--dry-run"]);
    refused(&folder, &["apply", "p.toml"]);
    folder.file("test.toml", "[[domain]]\nname = 'p'\nphase = 'test'\n");
    folder.out(&["apply", "test.toml"]);
    for text in [STRICT.to_owned(), STRICT.replace("production", "acceptance")] {
        folder.file("p.toml", &text);
        refused(&folder, &["apply", "p.toml"]);
        refused(&folder, &["apply", "p.toml", "--dry-run"]);
    }
    assert_eq!(phase(&folder), "test");
    let applied = folder.run_sealed(&["apply", "p.toml"]);
    assert_eq!(applied.code, 0, "{}", applied.err);
    assert_eq!(phase(&folder), "acceptance");
    folder.file("p.toml", STRICT);
    refused(&folder, &["apply", "p.toml"]);
}

#[test]
fn a_domain_of_real_people_in_an_old_store_stops_no_other_change() {
    let folder = Folder::new();
    folder.file("p.toml", STRICT);
    assert_eq!(folder.run_sealed(&["apply", "p.toml"]).code, 0);
    folder.file("other.toml", "[[domain]]\nname = 'd'\nphase = 'test'\n");
    assert_eq!(folder.out(&["apply", "other.toml"]), "created domain d\n");
    // And the way back is open.
    folder.file("p.toml", "[[domain]]\nname = 'p'\nphase = 'test'\n");
    assert_eq!(folder.out(&["apply", "p.toml"]), "changed domain p: phase\n");
}
