//! The gateway's bill: requests, tokens and dollars per team and model, in the shape of the LiteLLM proxy.

use exposition::write::Writer;
use model::MetricType::{Counter, Gauge};

use crate::fleet::Fleet;
use crate::replica::TenantCounters;
use crate::topology::{MODELS, REPLICAS, TENANTS};

/// Counters of a team with a model since the fleet began.
fn totals(fleet: &Fleet, model: usize, tenant: usize) -> TenantCounters {
    let mut sum = fleet.retired[model][tenant];
    for (replica, place) in fleet.replicas.iter().zip(&REPLICAS) {
        if place.model == model {
            sum.add(&replica.counters.tenants[tenant]);
        }
    }
    sum
}

fn dollars(model: usize, counters: &TenantCounters) -> f64 {
    let (input, output) = MODELS[model].price;
    (counters.prompt_tokens as f64 * input + counters.output_tokens as f64 * output) / 1e6
}

/// The page of the gateway.
pub(crate) fn page(fleet: &Fleet) -> String {
    let mut w = Writer::text();
    type Read = fn(usize, &TenantCounters) -> f64;
    let families: [(&str, &str, Read); 5] = [
        ("litellm_spend_metric", "Total spend on LLM requests", dollars),
        ("litellm_input_tokens_metric", "Total number of input tokens from LLM requests", |_, c| {
            c.prompt_tokens as f64
        }),
        ("litellm_output_tokens_metric", "Total number of output tokens from LLM requests", |_, c| {
            c.output_tokens as f64
        }),
        (
            "litellm_proxy_total_requests_metric",
            "Total number of requests made to the proxy server",
            |_, c| c.requests as f64,
        ),
        ("litellm_proxy_failed_requests_metric", "Total number of failed responses from proxy", |_, c| {
            c.failed as f64
        }),
    ];
    for (name, help, read) in families {
        let mut family = w.family(name, Counter, help);
        for (m, model) in MODELS.iter().enumerate() {
            for (t, tenant) in TENANTS.iter().enumerate() {
                let labels = [("model", model.name), ("team", tenant.team), ("team_alias", tenant.team)];
                family.sample(&labels, read(m, &totals(fleet, m, t)));
            }
        }
    }
    let mut budget = w.family("litellm_team_max_budget_metric", Gauge, "Maximum budget set for team");
    for tenant in &TENANTS {
        budget.sample(&[("team", tenant.team), ("team_alias", tenant.team)], tenant.budget);
    }
    w.finish()
}
