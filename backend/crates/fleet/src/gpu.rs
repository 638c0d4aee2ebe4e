//! A GPU: what the driver would say about it, from the work of its replica. Ticks once a second.

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

/// Air at the inlet, °C.
const INLET_C: f64 = 26.0;
/// Heat resistance, kelvin per watt.
const KELVIN_PER_WATT: f64 = 0.045;
/// Time constant of the temperature, seconds.
const THERMAL_S: f64 = 40.0;
/// Time constant of the power, seconds.
const POWER_S: f64 = 2.0;
/// From here on the clock falls, °C …
const THROTTLE_FROM_C: f64 = 84.0;
/// … down to its floor here.
const THROTTLE_FULL_C: f64 = 88.0;
/// Lowest clock ratio.
const CLOCK_FLOOR: f64 = 0.65;
/// Power limit, watts.
pub(crate) const POWER_LIMIT_W: f64 = 700.0;
/// Power with nothing to do, watts.
const IDLE_W: f64 = 75.0;
/// Greatest clock of the SMs, MHz.
const SM_CLOCK_MHZ: f64 = 1980.0;
/// Clock of an idle GPU, MHz.
const IDLE_CLOCK_MHZ: f64 = 345.0;
/// Memory of the card, MiB.
pub(crate) const MEMORY_MIB: f64 = 81_559.0;
/// Memory the driver keeps for itself, MiB.
pub(crate) const RESERVED_MIB: f64 = 551.0;
/// Weights and KV pool of a replica on one GPU, MiB.
const ENGINE_MIB: f64 = 73_280.0;

/// What a replica did to its GPUs within a tick.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// Share of the tick within steps, 0..=1.
    pub(crate) busy: f64,
    /// Share of that time for prefill, 0..=1.
    pub(crate) prefill: f64,
    /// Sequences in the batch.
    pub(crate) running: usize,
    /// An engine holds memory on the GPU.
    pub(crate) engine: bool,
    /// Kelvin added to the inlet air.
    pub(crate) inlet_k: f64,
}

/// State of a GPU.
#[derive(Debug)]
pub(crate) struct Gpu {
    rng: Pcg64Mcg,
    pub(crate) busy: f64,
    pub(crate) sm_active: f64,
    pub(crate) tensor_active: f64,
    pub(crate) dram_active: f64,
    pub(crate) power_w: f64,
    pub(crate) temperature_c: f64,
    /// Clock over its maximum, 0..=1.
    pub(crate) clock: f64,
    pub(crate) energy_mj: f64,
    pub(crate) thermal_violation_ns: f64,
    pub(crate) memory_used_mib: f64,
}

impl Gpu {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: Pcg64Mcg::seed_from_u64(seed),
            busy: 0.0,
            sm_active: 0.0,
            tensor_active: 0.0,
            dram_active: 0.0,
            power_w: IDLE_W,
            temperature_c: INLET_C + IDLE_W * KELVIN_PER_WATT,
            clock: 1.0,
            energy_mj: 0.0,
            thermal_violation_ns: 0.0,
            memory_used_mib: 0.0,
        }
    }

    /// SM clock, MHz.
    pub(crate) fn sm_clock_mhz(&self) -> f64 {
        if self.busy < 0.01 { IDLE_CLOCK_MHZ } else { SM_CLOCK_MHZ * self.clock }
    }

    /// One second passes.
    pub(crate) fn tick(&mut self, load: &Load) {
        let noise = (self.rng.random::<f64>() - 0.5) * 0.02;
        let (busy, prefill, decode) = (load.busy.clamp(0.0, 1.0), load.prefill, 1.0 - load.prefill);
        self.busy = busy;
        let share = |x: f64| if busy > 0.0 { (x + noise).clamp(0.0, 1.0) } else { 0.0 };
        self.sm_active = share(busy * (0.55 * prefill + 0.30 * decode));
        let batch = (load.running as f64 / 64.0).min(2.0);
        self.tensor_active = share((busy * (0.60 * prefill + 0.12 * decode * batch)).min(0.6));
        self.dram_active = share(busy * (0.35 * prefill + 0.65 * decode));

        let effort = 0.75 * self.tensor_active / 0.6 + 0.25 * self.dram_active / 0.65;
        let wanted_w = (IDLE_W + 560.0 * effort * self.clock).min(POWER_LIMIT_W);
        self.power_w += (wanted_w - self.power_w) / POWER_S;
        self.energy_mj += self.power_w * 1000.0;

        let settled_c = INLET_C + load.inlet_k + KELVIN_PER_WATT * self.power_w;
        // A hot inlet goes with a failing fan: the same watts heat the card more.
        let settled_c = if load.inlet_k > 0.0 { settled_c + 0.03 * self.power_w } else { settled_c };
        self.temperature_c += (settled_c - self.temperature_c) / THERMAL_S;
        let over = (self.temperature_c - THROTTLE_FROM_C) / (THROTTLE_FULL_C - THROTTLE_FROM_C);
        self.clock = 1.0 - (1.0 - CLOCK_FLOOR) * over.clamp(0.0, 1.0);
        self.thermal_violation_ns += (1.0 - self.clock) * 1e9;

        let wobble = (self.rng.random::<f64>() - 0.5) * 80.0;
        self.memory_used_mib = if load.engine { ENGINE_MIB + wobble } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(load: &Load) -> Gpu {
        let mut gpu = Gpu::new(1);
        for _ in 0..600 {
            gpu.tick(load);
        }
        gpu
    }

    #[test]
    fn an_idle_gpu_is_cool_and_a_busy_one_is_warm() {
        let idle = settled(&Load::default());
        assert!((28.0..31.0).contains(&idle.temperature_c), "{}", idle.temperature_c);
        assert!((70.0..80.0).contains(&idle.power_w), "{}", idle.power_w);
        let load = Load { busy: 1.0, prefill: 0.4, running: 100, engine: true, inlet_k: 0.0 };
        let busy = settled(&load);
        assert!((45.0..60.0).contains(&busy.temperature_c), "{}", busy.temperature_c);
        assert_eq!(busy.clock, 1.0);
    }

    #[test]
    fn a_hot_inlet_throttles_the_clock_and_counts_the_time() {
        let load = Load { busy: 1.0, prefill: 0.35, running: 60, engine: true, inlet_k: 36.0 };
        let hot = settled(&load);
        assert!(hot.temperature_c > THROTTLE_FROM_C, "{}", hot.temperature_c);
        assert!(hot.clock < 0.95, "{}", hot.clock);
        assert!(hot.thermal_violation_ns > 0.0);
    }
}
