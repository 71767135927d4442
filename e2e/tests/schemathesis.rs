//! The API's own description, read by a tool that asks everything it allows and much that it does not.
use bellwire_e2e::{OWNER_KEY, Scene, python};

#[test]
fn schemathesis_finds_no_server_error_and_nothing_undescribed() {
    let scene = Scene::new();
    let scratch = tempfile::TempDir::new().expect("a temporary directory");
    let output = python("schemathesis")
        .arg("run")
        .arg(format!("http://{}/openapi.json", scene.address))
        .args(["--header", &format!("Authorization: Bearer {OWNER_KEY}")])
        .args([
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ])
        .args([
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "10",
            "--request-timeout",
            "10",
            "--no-color",
        ])
        // What waits for events would only wait; and the key that asks is not to be revoked.
        .args(["--exclude-path-regex", "/v1/events/(stream|poll)|/pull$|/v1/keys/"])
        .current_dir(scratch.path())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    scene.get("/v1/me").expect(200);
}
