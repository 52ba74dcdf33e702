//! `config example`: the whole table as a file to start from.

use super::keys::{KEYS, Key, Kind};

/// A complete configuration file with every key at its default. Keys are
/// commented out with `#` alone, explanations with `# `.
pub fn example() -> String {
    let mut text = String::from(
        "# Configuration of the Koppeltaal server. Every key is optional; what is commented\n\
         # out shows the default. A variable of the environment wins over this file\n\
         # (kt1.claim_timeout: KOPPELTAAL_KT1_CLAIM_TIMEOUT), a flag over both. For a secret,\n\
         # the variable with _FILE at its end names a file that holds it.\n\
         # Durations: 500ms, 30s, 15m, 72h, 56d. Sizes: 4096, 64KiB, 10MiB.\n",
    );
    let mut table = "";
    for key in KEYS {
        let (of, name) = key.name.split_once('.').unwrap_or(("", key.name));
        text.push('\n');
        if of != table {
            table = of;
            text.push_str(&format!("[{table}]\n"));
        }
        for line in key.meaning.lines() {
            text.push_str(&format!("# {line}\n"));
        }
        text.push_str(&format!("#{name} = {}\n", value(key)));
    }
    text
}

fn value(key: &Key) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    match (key.default, key.kind) {
        (None, Kind::Number) => "0".to_owned(),
        (None, _) => quoted(""),
        (Some(plain), Kind::Number | Kind::Switch) => plain.to_owned(),
        (Some(list), Kind::List) => {
            let items: Vec<String> = list.split(',').map(quoted).collect();
            format!("[{}]", items.join(", "))
        }
        (Some(text), _) => quoted(text),
    }
}
