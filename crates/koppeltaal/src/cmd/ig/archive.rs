//! The files of a package: a gzipped tar archive (HL7 FHIR package specification).
//! One that unpacks to more than packages have is refused before it fills memory.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use koppeltaal_core::Error;
use tar::Archive;

/// The most files of a package.
const MOST_FILES: usize = 20_000;
/// The most bytes that they have together.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The files in an archive: names and contents.
pub fn files(path: &Path) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::NotFound(format!("there is no file {}", path.display()))
        }
        _ => Error::Invalid(format!("{} cannot be read: {error}", path.display())),
    })?;
    read(file).map_err(|told| Error::Invalid(format!("{} is no package: {told}", path.display())))
}

fn read(file: impl Read) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut archive = Archive::new(GzDecoder::new(file).take(MOST_BYTES));
    let mut files = Vec::new();
    let mut left = MOST_BYTES;
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut bytes = Vec::new();
        // What the header says of the size is not believed.
        entry.take(left).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        left -= bytes.len() as u64;
        if left == 0 || files.len() == MOST_FILES {
            return Err(format!("it has more than {MOST_FILES} files or 256 MiB"));
        }
        files.push((name, bytes));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn the_files_of_an_archive_are_read_and_anything_else_is_refused() {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        header.set_cksum();
        archive.append_data(&mut header, "package/package.json", &b"{}"[..]).unwrap();
        let bytes = archive.into_inner().unwrap().finish().unwrap();
        assert_eq!(
            read(&bytes[..]).unwrap(),
            [("package/package.json".to_owned(), b"{}".to_vec())]
        );
        assert!(read(&bytes[..bytes.len() / 2]).is_err());
        assert!(read(&b"{}"[..]).is_err());
    }

    #[test]
    fn an_archive_that_unpacks_to_too_much_is_refused() {
        let mut header = tar::Header::new_gnu();
        header.set_size(MOST_BYTES * 4);
        header.set_path("package/big.json").unwrap();
        header.set_cksum();
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(header.as_bytes()).unwrap();
        let zeros = vec![0; 1 << 20];
        for _ in 0..(MOST_BYTES >> 20) + 8 {
            gz.write_all(&zeros).unwrap();
        }
        assert!(read(&gz.finish().unwrap()[..]).is_err());
    }
}
