//! `watchfire demo`: history at once, then live scrapes of the simulated fleet.

mod support;

use support::{Server, wait_for};

#[test]
fn the_fleet_has_a_past_and_a_present() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_as("demo", dir.path(), &["--demo.history=20m"]);
    assert!(server.get("/api/watchfire/v1/app").body.contains("\"demo\":true"));
    // Summed up over each replica's versions: the script of incidents deploys one in the midst of some hours.
    let past = server.number("count(sum by (pod) (count_over_time(up{job=\"vllm\"}[19m])) > 60)");
    assert_eq!(past, Some(7.0));
    for metric in ["vllm:num_requests_running", "DCGM_FI_DEV_GPU_UTIL", "node_cpu_seconds_total"] {
        assert!(server.number(&format!("count({metric})")).unwrap_or(0.0) > 0.0, "{metric}");
    }
    wait_for("every job to be up", || {
        let body = server.get("/api/watchfire/v1/targets").body;
        let list: serde_json::Value = serde_json::from_str(&body).unwrap();
        let up =
            |pool: &serde_json::Value| pool["active"].as_array().unwrap().iter().any(|t| t["health"] == "up");
        let pools = list["pools"].as_array().unwrap();
        (pools.len() == 5 && pools.iter().all(up)).then_some(())
    });
    server.signal("TERM");
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
}
