//! The manifests agree with the image, the configuration and themselves.

use std::os::unix::fs::symlink;
use std::time::Duration;

use contact_gateway::config::{self, Environment};
use contact_gateway::runtime::limits::STOP_WAIT_MAX;
use serde_json::{Value, json};

use super::tools::{documents, root};
use super::{each_after, file, set_in};

const MANIFESTS: &str = "packaging/kubernetes/contact-gateway.yaml";

fn of_kind<'a>(all: &'a [Value], kind: &str) -> Vec<&'a Value> {
    all.iter().filter(|one| one["kind"] == kind).collect()
}

/// The template of the gateways' pods.
fn pod(all: &[Value]) -> &Value {
    let [set] = of_kind(all, "StatefulSet")[..] else { panic!("one stateful set") };
    &set["spec"]["template"]["spec"]
}

/// The names, and what each has.
fn by_name<'a>(list: &'a Value, of: &'a str) -> Vec<(&'a str, &'a Value)> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| (one["name"].as_str().unwrap(), &one[of])).collect()
}

/// What a line of the Dockerfile begins with, and what follows.
fn in_image(instruction: &str) -> String {
    let image = file("Dockerfile");
    let line =
        image.lines().rev().find_map(|line| line.strip_prefix(instruction)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("the Dockerfile has no {instruction}")).to_owned()
}

#[test]
fn a_pod_runs_as_the_images_user_with_nothing_that_it_does_not_need() {
    let all = documents(MANIFESTS);
    let pod = pod(&all);
    let user: u32 = in_image("USER").parse().unwrap();
    assert_eq!(
        pod["securityContext"],
        json!({"runAsNonRoot": true, "runAsUser": user, "runAsGroup": user, "fsGroup": user,
               "seccompProfile": {"type": "RuntimeDefault"}})
    );
    assert_eq!(pod["automountServiceAccountToken"], false);
    let container = &pod["containers"][0];
    assert_eq!(
        container["securityContext"],
        json!({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
               "capabilities": {"drop": ["ALL"]}})
    );
    assert_eq!(container["image"], format!("contact-gateway:{}", env!("CARGO_PKG_VERSION")));
    assert!(container["resources"]["limits"]["memory"].is_string());
}

#[test]
fn a_pod_can_write_where_the_gateway_writes_and_nowhere_else() {
    let all = documents(MANIFESTS);
    let pod = pod(&all);
    let mounts = by_name(&pod["containers"][0]["volumeMounts"], "mountPath");
    let at = |path: &str| mounts.iter().find(|(_, at)| *at == path).map(|(name, _)| *name);
    // A volume of its own for each gateway, which comes back with it.
    let [set] = of_kind(&all, "StatefulSet")[..] else { panic!("one stateful set") };
    let claim = &set["spec"]["volumeClaimTemplates"][0];
    assert_eq!(at(&in_image("VOLUME")), claim["metadata"]["name"].as_str());
    assert_eq!(claim["spec"]["accessModes"], json!(["ReadWriteOnce"]));
    assert_eq!(at("/tmp"), Some("scratch"));
    let volumes = by_name(&pod["volumes"], "name");
    for (name, path) in &mounts {
        let is_there =
            claim["metadata"]["name"] == *name || volumes.iter().any(|(volume, _)| volume == name);
        assert!(is_there, "{path} mounts no volume");
    }
    // All share the archive.
    let [shared] = of_kind(&all, "PersistentVolumeClaim")[..] else { panic!("one claim") };
    assert_eq!(shared["spec"]["accessModes"], json!(["ReadWriteMany"]));
}

#[test]
fn probes_and_services_use_ports_and_routes_that_there_are() {
    let all = documents(MANIFESTS);
    let container = &pod(&all)["containers"][0];
    let ports = by_name(&container["ports"], "containerPort");
    let has = |port: &Value| ports.iter().any(|(name, _)| port == name);
    let routes = file("tests/suite/routes.txt");
    for (probe, path) in [
        ("readinessProbe", "/health/serving"),
        ("livenessProbe", "/health/live"),
        ("startupProbe", "/health/live"),
    ] {
        let asked = &container[probe]["httpGet"];
        assert_eq!(asked["path"], path, "{probe}");
        assert!(routes.lines().any(|route| route == format!("GET {path}")), "{path}");
        assert!(has(&asked["port"]), "{probe}");
        assert!(container[probe]["timeoutSeconds"].as_u64() > Some(1), "{probe}");
    }
    for service in of_kind(&all, "Service") {
        assert!(has(&service["spec"]["ports"][0]["targetPort"]), "{service}");
    }
    for rule in of_kind(&all, "NetworkPolicy")[0]["spec"]["ingress"].as_array().unwrap() {
        assert!(has(&rule["ports"][0]["port"]), "{rule}");
    }
    let exposed = in_image("EXPOSE");
    for (name, port) in ports {
        let port = port.to_string();
        assert!(exposed.split(' ').any(|one| one == port), "{name}");
    }
}

/// The configuration in the manifests, with this in place of what somebody has to fill in, as the container loads it.
fn loaded(all: &[Value], filled_in: &str) -> Result<config::Loaded, String> {
    let text = of_kind(all, "ConfigMap")[0]["data"]["gateway.toml"].as_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Beside the shipped profiles, as in the image.
    symlink(root().join("config/profiles"), folder.path().join("profiles")).unwrap();
    let path = folder.path().join("gateway.toml");
    std::fs::write(&path, text.replace("FILL-IN", filled_in)).unwrap();
    let set = by_name(&pod(all)["containers"][0]["env"], "value");
    let set = set.into_iter().map(|(name, value)| (name, value.as_str().unwrap()));
    // The Secret's.
    let secret = ("CONTACT_GATEWAY__STORE__URL", "redis://redis.example:6379");
    let environment: Environment =
        set.chain([secret]).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    config::load(&path, &environment).map_err(|faults| faults.to_string())
}

#[test]
fn the_configuration_of_the_manifests_is_refused_until_it_is_filled_in() {
    let all = documents(MANIFESTS);
    let refused = loaded(&all, "FILL-IN").err().unwrap();
    assert!(refused.contains("trusted_proxies"), "{refused}");
    let settings = loaded(&all, "10.1.2.3/32").unwrap_or_else(|faults| panic!("{faults}")).settings;
    for (name, port) in by_name(&pod(&all)["containers"][0]["ports"], "containerPort") {
        assert_eq!(settings.bound()[name], format!("0.0.0.0:{port}"));
    }
    let mounts = by_name(&pod(&all)["containers"][0]["volumeMounts"], "mountPath");
    let archive = mounts.iter().find(|(name, _)| *name == "archive").unwrap().1;
    assert_eq!(settings.archive.shown(), format!("file:{}", archive.as_str().unwrap()));
}

#[test]
fn at_most_one_gateway_is_away_when_nodes_are_drained() {
    let all = documents(MANIFESTS);
    let [set] = of_kind(&all, "StatefulSet")[..] else { panic!("one stateful set") };
    let [budget] = of_kind(&all, "PodDisruptionBudget")[..] else { panic!("one budget") };
    assert_eq!(budget["spec"]["maxUnavailable"], 1);
    assert!(set["spec"]["replicas"].as_u64() >= Some(2));
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    for selector in [&set["spec"]["selector"], &budget["spec"]["selector"]] {
        assert_eq!(selector["matchLabels"], *labels);
    }
    let policy = of_kind(&all, "NetworkPolicy")[0];
    assert_eq!(policy["spec"]["podSelector"]["matchLabels"], *labels);
    for service in of_kind(&all, "Service") {
        assert_eq!(service["spec"]["selector"], *labels);
    }
}

#[test]
fn guides_name_a_service_and_a_pod_that_there_are() {
    let guide = file("docs/console.md");
    let [service] = each_after(&guide, "compose.yaml exec ")[..] else { panic!("one service") };
    assert!(documents("packaging/compose.yaml")[0]["services"][service].is_object(), "{service}");
    let [number] = each_after(&guide, "kubectl exec contact-gateway-")[..] else {
        panic!("one pod")
    };
    let all = documents(MANIFESTS);
    let replicas = of_kind(&all, "StatefulSet")[0]["spec"]["replicas"].as_u64().unwrap();
    assert!(number.parse::<u64>().unwrap() < replicas, "{number}");
}

#[test]
fn who_stops_a_gateway_waits_for_longer_than_a_stop_can_take() {
    let unit = file("config/systemd/contact-gateway.service");
    let unit: u64 = set_in(&unit, "TimeoutStopSec").unwrap().parse().unwrap();
    let compose = &documents("packaging/compose.yaml")[0]["services"];
    let of_compose = |gateway: &str| {
        let grace = compose[gateway]["stop_grace_period"].as_str().unwrap();
        grace.strip_suffix('s').unwrap().parse::<u64>().unwrap()
    };
    let all = documents(MANIFESTS);
    let pod = pod(&all);
    let before = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap();
    let of_pod = pod["terminationGracePeriodSeconds"].as_u64().unwrap() - before;
    for waits in [unit, of_compose("gateway-1"), of_compose("gateway-2"), of_pod] {
        assert!(Duration::from_secs(waits) > STOP_WAIT_MAX, "{waits}");
    }
    let guide = file("docs/operations.md");
    assert!(guide.contains(&format!("{} seconds at most", STOP_WAIT_MAX.as_secs())));
}
