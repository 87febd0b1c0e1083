use crate::Folder;
use std::path::Path;
use std::process::Command;

/// A certificate authority that no system knows, and a server's certificate of it.
#[derive(Debug)]
pub struct Certificates(Folder);

impl Certificates {
    /// A server's certificate for some names, as `IP:127.0.0.1,DNS:localhost`.
    #[must_use]
    pub fn of(names: &str) -> Self {
        let folder = Folder::new();
        let new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
        let openssl = |args: &[&str]| {
            let output = Command::new("openssl").args(args).current_dir(folder.path()).output();
            let output = output.expect("openssl runs (Debian: apt-get install openssl)");
            assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
        };
        let subject = format!("/CN=mgmt tests {}", folder.path().file_name().expect("a name").to_string_lossy());
        let usage = "keyUsage=critical,keyCertSign,cRLSign";
        let authority = ["req", "-x509", "-keyout", "ca.key", "-out", "ca.crt", "-subj", &subject, "-addext", usage];
        openssl(&[&authority[..], &new[..]].concat());
        openssl(&[&["req", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=redis"][..], &new[..5]].concat());
        std::fs::write(folder.file("names"), format!("subjectAltName={names}\nbasicConstraints=CA:FALSE\n")).expect("names");
        let signer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
        openssl(&[&["x509", "-req", "-in", "server.csr", "-out", "server.crt", "-extfile", "names"][..], &signer].concat());
        Self(folder)
    }

    /// The authority's certificate.
    #[must_use]
    pub fn authority(&self) -> String {
        self.path("ca.crt")
    }

    /// The server's certificate and its key.
    #[must_use]
    pub fn server(&self) -> (String, String) {
        (self.path("server.crt"), self.path("server.key"))
    }

    fn path(&self, name: &str) -> String {
        let path: &Path = &self.0.file(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    }
}
