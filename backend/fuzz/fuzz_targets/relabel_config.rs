//! Relabel rules from YAML: refused or run, and explained the way they ran.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Labels, LabelsBuilder};
use relabel::{Rule, explain, process};

fuzz_target!(|yaml: &str| {
    let Ok(rules) = serde_saphyr::from_str::<Vec<Rule>>(yaml) else { return };
    let labels = Labels::from_pairs([
        ("__address__", "web-1:9100"),
        ("__meta_kubernetes_pod_name", "web-1"),
        ("__name__", "up"),
        ("env", "Prod"),
        ("job", "node"),
    ]);
    let mut builder = LabelsBuilder::new(&labels);
    let kept = process(&rules, &mut builder);
    let told = explain(&rules, &labels);
    assert_eq!(told.dropped_by.is_none(), kept);
    assert_eq!(told.labels, builder.build());
});
