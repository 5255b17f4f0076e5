//! Components in a registry that nobody here wrote (Debian's docker-registry, on loopback), copied by
//! skopeo, with signatures that openssl makes and checks.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::harness::{Ended, ended};
use crate::support::built;

const PASSWORD: &str = "open sesame";
/// The same as the registry's file of users holds it.
const USERS: &str = "integrator:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n";
/// In Base64: integrator and the password.
const AUTH: &str = "aW50ZWdyYXRvcjpvcGVuIHNlc2FtZQ==";

fn component_path() -> PathBuf {
    built("duro_plm.wasm")
}

fn harness_path() -> PathBuf {
    built(&format!("harness{}", std::env::consts::EXE_SUFFIX))
}

/// A registry, and a folder to work in that holds all that a user's home would.
struct Shop {
    registry: Child,
    host: String,
    folder: TempDir,
}

impl Shop {
    /// None where there is no docker-registry and continuous integration does not ask for one.
    async fn open(is_private: bool) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("docker-registry");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("registry")).unwrap();
        fs::create_dir_all(at("docker")).unwrap();
        let auth = match is_private {
            false => String::new(),
            true => {
                fs::write(at("users"), USERS).unwrap();
                format!("auth: {{htpasswd: {{realm: shop, path: {:?}}}}}\n", at("users"))
            }
        };
        let config = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {:?}}}}}\nhttp: {{addr: \
             '127.0.0.1:0'}}\n{auth}",
            at("registry")
        );
        fs::write(at("registry.yml"), config).unwrap();
        command.arg("serve").arg(at("registry.yml"));
        let started =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn();
        let mut registry = match started {
            Ok(registry) => registry,
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "docker-registry is missing: .ci/run installs it ({error})");
                eprintln!("\n*** NOT TESTED: there is no docker-registry, to push components to. ***\n");
                return None;
            }
        };
        let mut lines = BufReader::new(registry.stderr.take().unwrap()).lines();
        let host = loop {
            let line = lines.next_line().await.unwrap().expect("the registry ended");
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest.split(['"', ' ', ',']).next().unwrap().to_owned();
            }
        };
        // Read on, or it would wait for its own log.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(Self { registry, host, folder })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn address(&self, rest: &str) -> String {
        format!("oci://{}/team/{rest}", self.host)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env("COSIGN_PASSWORD", "key's own");
        command.env("XDG_CACHE_HOME", self.at("cache")).env("HOME", self.at("home"));
        command.env("DOCKER_CONFIG", self.at("docker")).env("REGISTRY_AUTH_FILE", self.at("docker/config.json"));
        command.env_remove("HARNESS_COMPONENT");
        command
    }

    async fn harness(&self, words: &[&str]) -> Ended {
        let mut command = self.command(harness_path());
        command.args(words);
        ended(command).await
    }

    async fn succeeds(&self, words: &[&str]) -> Value {
        let ended = self.harness(words).await;
        assert_eq!(ended.status, 0, "{words:?}: {}", ended.messages);
        ended.json()
    }

    /// That the harness refuses, with status 3, and what it says.
    async fn refuses(&self, words: &[&str]) -> String {
        let ended = self.harness(words).await;
        assert_eq!(ended.status, 3, "{words:?}: {}", ended.messages);
        ended.messages
    }

    /// Pushes the connector, signed where a key is named, and gives its address by its digest.
    async fn push(&self, rest: &str, key: Option<&str>) -> String {
        let (address, component) = (self.address(rest), component_path());
        let mut words = vec!["push", &address, "--component", component.to_str().unwrap()];
        words.extend(key.iter().flat_map(|key| ["--key", key]));
        self.succeeds(&words).await["address"].as_str().unwrap().to_owned()
    }

    async fn keys(&self, name: &str) {
        self.succeeds(&["key-pair", "--output", name]).await;
    }

    /// Inspects what is at the address where this script is the helper that Docker's configuration names.
    async fn with_helper(&self, name: &str, script: &str, address: &str) -> Ended {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir_all(self.at("bin")).unwrap();
        let helper = self.at("bin").join(format!("docker-credential-{name}"));
        fs::write(&helper, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(self.at("docker/config.json"), json!({ "credsStore": name }).to_string()).unwrap();
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        let mut command = self.command(harness_path());
        command.args(inspect(address, &["--no-cache"])).env("PATH", path);
        ended(command).await
    }

    async fn close(&mut self) {
        self.registry.kill().await.unwrap();
    }

    /// Another program, which has to end well.
    async fn other(&self, program: &str, words: &[&str]) -> String {
        let output = self.command(program).args(words).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{program} {words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn inspect<'words>(address: &'words str, more: &[&'words str]) -> Vec<&'words str> {
    [&["inspect", "--format", "json", "--component", address], more].concat()
}

#[tokio::test]
async fn a_component_is_pushed_and_runs_from_its_registry_and_by_its_digest_without_it() {
    let Some(mut shop) = Shop::open(false).await else { return };
    let pinned = shop.push("connector:1.0.0", None).await;
    assert!(pinned.starts_with(&shop.address("connector@sha256:")), "{pinned}");
    // The same component is the same artifact.
    assert_eq!(shop.push("connector:again", None).await, pinned);
    let tagged = shop.address("connector:1.0.0");
    let ended = shop.harness(&inspect(&tagged, &[])).await;
    assert_eq!(ended.json()["manifest"]["key"], "duro-plm");
    assert!(ended.messages.contains(&format!("{tagged} is {pinned}")), "{}", ended.messages);
    shop.succeeds(&["pull", &tagged, "--output", "pulled.wasm"]).await;
    assert!(fs::read(shop.at("pulled.wasm")).unwrap() == fs::read(component_path()).unwrap());
    let unknown = shop.refuses(&inspect(&shop.address("connector:2.0.0"), &[])).await;
    assert!(unknown.contains("has nothing under this name"), "{unknown}");

    // The older one of a check may come from there as well.
    let component = component_path();
    let older = ["check", "--histories", "1", "--component", component.to_str().unwrap(), "--older", &pinned];
    assert!(shop.succeeds(&older).await["checks"].to_string().contains("older-state"));

    shop.close().await;
    shop.succeeds(&inspect(&pinned, &[])).await;
    let gone = shop.refuses(&inspect(&tagged, &[])).await;
    assert!(gone.contains("cannot be reached"), "{gone}");
    // What was kept is not believed: it has the digest, or is asked for again.
    for file in fs::read_dir(shop.at("cache/host-harness/components")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            fs::write(path, "\0asm").unwrap();
        }
    }
    let changed = shop.refuses(&inspect(&pinned, &[])).await;
    assert!(changed.contains("cannot be reached"), "{changed}");
}

#[tokio::test]
async fn with_a_trusted_key_only_what_it_signed_under_that_name_is_run() {
    let Some(mut shop) = Shop::open(false).await else { return };
    shop.keys("release").await;
    shop.keys("other").await;
    let unsigned = shop.push("connector:1.0.0", None).await;
    let refused = shop.refuses(&inspect(&unsigned, &["--trust", "release.pub"])).await;
    assert!(refused.contains("is not signed") && refused.contains("release.pub"), "{refused}");
    shop.push("connector:1.0.0", Some("other.key")).await;
    let refused = shop.refuses(&inspect(&unsigned, &["--trust", "release.pub"])).await;
    assert!(refused.contains("none of the trusted keys"), "{refused}");
    // A second signature stands beside the first.
    let pinned = shop.push("connector:1.0.0", Some("release.key")).await;
    shop.succeeds(&inspect(&pinned, &["--trust", "release.pub"])).await;
    shop.succeeds(&inspect(&pinned, &["--trust", "other.pub"])).await;
    let tagged = shop.address("connector:1.0.0");
    shop.succeeds(&inspect(&tagged, &["--trust", "release.pub"])).await;

    // What was signed as one thing is not taken for another where a tag alone says which it is.
    let from = format!("docker://{}/team/", shop.host);
    for tag in [
        format!("@{}", pinned.split_once('@').unwrap().1),
        format!(":{}.sig", pinned.split_once('@').unwrap().1.replace(':', "-")),
    ] {
        let to = if tag.starts_with('@') { ":1.0.0".to_owned() } else { tag.clone() };
        let (from, to) = (format!("{from}connector{tag}"), format!("{from}moved{to}"));
        shop.other(
            "skopeo",
            &["copy", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false", &from, &to],
        )
        .await;
    }
    let moved = shop.refuses(&inspect(&shop.address("moved:1.0.0"), &["--trust", "release.pub"])).await;
    assert!(moved.contains("name it by its digest"), "{moved}");
    let by_digest = pinned.replace("/connector@", "/moved@");
    shop.succeeds(&inspect(&by_digest, &["--trust", "release.pub"])).await;

    // Signatures that were seen hold without the registry, and for no other key.
    shop.close().await;
    shop.succeeds(&inspect(&pinned, &["--trust", "release.pub"])).await;
    shop.keys("third").await;
    shop.refuses(&inspect(&pinned, &["--trust", "third.pub"])).await;
}

#[tokio::test]
async fn a_file_needs_its_signature_beside_it_and_openssl_agrees() {
    let Some(shop) = Shop::open(false).await else { return };
    shop.keys("release").await;
    fs::copy(component_path(), shop.at("connector.wasm")).unwrap();
    let words = inspect("connector.wasm", &["--trust", "release.pub"]);
    let missing = shop.refuses(&words).await;
    assert!(missing.contains("connector.wasm.sig"), "{missing}");
    shop.succeeds(&["sign", "connector.wasm", "--key", "release.key"]).await;
    shop.succeeds(&words).await;
    // A folder's settings demand a signature as the flag does.
    shop.keys("other").await;
    fs::write(shop.at("harness.toml"), "component = \"connector.wasm\"\ntrust = [\"other.pub\"]\n").unwrap();
    assert_eq!(shop.harness(&["allow"]).await.status, 0);
    let refused = shop.refuses(&["inspect", "--format", "json"]).await;
    assert!(refused.contains("none of the trusted keys"), "{refused}");
    fs::write(shop.at("harness.toml"), "component = \"connector.wasm\"\ntrust = \"release.pub\"\n").unwrap();
    assert_eq!(shop.harness(&["allow"]).await.status, 0);
    assert_eq!(shop.succeeds(&["inspect", "--format", "json"]).await["manifest"]["key"], "duro-plm");
    fs::remove_file(shop.at("harness.toml")).unwrap();
    // Neither is another one run beside it that nobody has signed.
    fs::copy(component_path(), shop.at("older.wasm")).unwrap();
    let check = ["check", "--component", "connector.wasm", "--trust", "release.pub", "--older", "older.wasm"];
    let refused = shop.refuses(&check).await;
    assert!(refused.contains("older.wasm.sig"), "{refused}");
    shop.other("sh", &["-c", "base64 -d connector.wasm.sig > raw.sig"]).await;
    let verify = ["dgst", "-sha256", "-verify", "release.pub", "-signature", "raw.sig", "connector.wasm"];
    assert!(shop.other("openssl", &verify).await.contains("Verified OK"));
    // No signature goes through a link.
    fs::copy(component_path(), shop.at("linked.wasm")).unwrap();
    std::os::unix::fs::symlink("release.pub", shop.at("linked.wasm.sig")).unwrap();
    let linked = shop.harness(&["sign", "linked.wasm", "--key", "release.key"]).await;
    let said = "linked.wasm.sig cannot be written: it is a link";
    assert!(linked.status == 2 && linked.messages.contains(said), "{}", linked.messages);
    // A key of openssl's own, which nothing encrypts, signs as well.
    shop.other("openssl", &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "plain.key"])
        .await;
    shop.other("openssl", &["pkey", "-in", "plain.key", "-pubout", "-out", "plain.pub"]).await;
    let refused = shop.refuses(&inspect("connector.wasm", &["--trust", "plain.pub"])).await;
    assert!(refused.contains("none of the trusted keys"), "{refused}");
    shop.succeeds(&["sign", "connector.wasm", "--key", "plain.key"]).await;
    shop.succeeds(&inspect("connector.wasm", &["--trust", "plain.pub"])).await;
    // One byte more, in a place that means nothing.
    let mut bytes = fs::read(shop.at("connector.wasm")).unwrap();
    bytes.extend_from_slice(&[0, 2, 1, b'x']);
    fs::write(shop.at("connector.wasm"), bytes).unwrap();
    shop.refuses(&inspect("connector.wasm", &["--trust", "plain.pub"])).await;

    // Neither half of a key is replaced, and the private half is for its owner alone.
    let again = shop.harness(&["key-pair", "--output", "release"]).await;
    assert!(again.status == 2 && again.messages.contains("already"), "{}", again.messages);
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(shop.at("release.key")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn skopeo_copies_what_we_push_and_openssl_checks_its_signature() {
    let Some(shop) = Shop::open(false).await else { return };
    shop.keys("release").await;
    let pinned = shop.push("ours:1", Some("release.key")).await;
    let digest = pinned.split_once('@').unwrap().1;
    for (tag, folder) in [("1".to_owned(), "ours"), (format!("{}.sig", digest.replace(':', "-")), "signature")] {
        let from = format!("docker://{}/team/ours:{tag}", shop.host);
        let to = format!("dir:{}", shop.at(folder).display());
        shop.other("skopeo", &["--insecure-policy", "copy", "--src-tls-verify=false", &from, &to]).await;
    }
    let manifest = |folder: &str| -> Value {
        serde_json::from_slice(&fs::read(shop.at(folder).join("manifest.json")).unwrap()).unwrap()
    };
    let blob = |folder: &str, layer: &Value| {
        shop.at(folder).join(layer["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap())
    };
    let ours = manifest("ours");
    assert_eq!(ours["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    assert_eq!(ours["layers"][0]["mediaType"], "application/wasm");
    assert!(fs::read(blob("ours", &ours["layers"][0])).unwrap() == fs::read(component_path()).unwrap());
    let config: Value = serde_json::from_slice(&fs::read(blob("ours", &ours["config"])).unwrap()).unwrap();
    let world = config["component"]["target"].as_str().unwrap();
    assert!(world.starts_with("integration:connector/connector@"), "{config}");
    let layer = &manifest("signature")["layers"][0];
    assert_eq!(layer["mediaType"], "application/vnd.dev.cosign.simplesigning.v1+json");
    let payload = blob("signature", layer);
    let said: Value = serde_json::from_slice(&fs::read(&payload).unwrap()).unwrap();
    assert_eq!(said["critical"]["image"]["docker-manifest-digest"], digest);
    assert_eq!(said["critical"]["identity"]["docker-reference"], format!("{}/team/ours", shop.host));
    fs::write(shop.at("base64"), layer["annotations"]["dev.cosignproject.cosign/signature"].as_str().unwrap()).unwrap();
    shop.other("sh", &["-c", "base64 -d base64 > raw.sig"]).await;
    let verify = ["dgst", "-sha256", "-verify", "release.pub", "-signature", "raw.sig", payload.to_str().unwrap()];
    assert!(shop.other("openssl", &verify).await.contains("Verified OK"));
}

#[tokio::test]
async fn a_private_registry_gets_the_credentials_of_dockers_configuration_and_they_are_not_shown() {
    let Some(shop) = Shop::open(true).await else { return };
    let (address, component) = (shop.address("connector:1"), component_path());
    let words = ["push", &address, "--component", component.to_str().unwrap()];
    let anonymous = shop.refuses(&words).await;
    assert!(anonymous.contains("docker login"), "{anonymous}");
    let config = json!({"auths": {(shop.host.clone()): {"auth": AUTH}}});
    fs::write(shop.at("docker/config.json"), config.to_string()).unwrap();
    let pushed = shop.harness(&words).await;
    assert_eq!(pushed.status, 0, "{}", pushed.messages);
    let run = shop.harness(&[&inspect(&address, &[])[..], &["--debug"]].concat()).await;
    assert_eq!(run.status, 0, "{}", run.messages);
    for said in [&pushed.messages, &pushed.output, &run.messages, &run.output, &anonymous] {
        assert!(!said.contains(PASSWORD) && !said.contains(AUTH), "{said}");
    }
    // So does one that a helper has, which is asked by the registry's name; a helper that prints what it knows is not
    // repeated.
    let given = json!({"ServerURL": shop.host, "Username": "integrator", "Secret": PASSWORD});
    let helped = shop.with_helper("knowing", &format!("cat > asked\necho '{given}'"), &address).await;
    assert_eq!(helped.status, 0, "{}", helped.messages);
    assert_eq!(fs::read_to_string(shop.at("asked")).unwrap().trim(), shop.host);
    let failed = shop.with_helper("chatty", "cat > asked\necho 'the password is open sesame'\nexit 1", &address).await;
    assert!(failed.status == 2 && failed.messages.contains("chatty fails"), "{}", failed.messages);
    for said in [&helped.output, &helped.messages, &failed.messages] {
        assert!(!said.contains(PASSWORD), "{said}");
    }
}

#[tokio::test]
async fn what_is_no_component_is_neither_pushed_nor_run() {
    let Some(shop) = Shop::open(false).await else { return };
    fs::write(shop.at("text.wasm"), "hello").unwrap();
    let address = shop.address("text:1");
    let text = shop.harness(&["push", &address, "--component", "text.wasm"]).await;
    assert!(text.status == 2 && text.messages.contains("not a WebAssembly component"), "{}", text.messages);
    // A container image under the name of a component.
    fs::create_dir_all(shop.at("image")).unwrap();
    shop.push("connector:1", None).await;
    shop.keys("release").await;
    shop.push("connector:1", Some("release.key")).await;
    let digest = shop.push("connector:1", None).await.split_once('@').unwrap().1.replace(':', "-");
    let signature = shop.refuses(&inspect(&shop.address(&format!("connector:{digest}.sig")), &[])).await;
    assert!(signature.contains("is no component"), "{signature}");
    let large =
        shop.refuses(&inspect(&shop.address("connector:1"), &["--max-component-bytes", "1KiB", "--no-cache"])).await;
    assert!(large.contains("larger than"), "{large}");
}
