//! An engine replica: continuous batching with chunked prefill over a paged KV cache.
//!
//! A step takes as long as its work; every decoding sequence gets one token per step. Because all of them
//! move in lockstep, a step costs as much as what changes in it (arrivals, prefills, completions), not as
//! much as there are sequences: block needs are counted per phase of sixteen steps, completions wait in a
//! heap by step number, and the time between tokens is observed once with its multiplicity.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::arrivals::Request;
use crate::buckets::{Buckets, ITERATION_TOKENS, ITL_S, REQUEST_S, TOKENS, TTFT_S};
use crate::topology::TENANTS;

/// Tokens an engine step may work on.
const STEP_TOKENS: u32 = 2048;
/// Sequences in a batch.
const SEQUENCES_MAX: usize = 256;
/// Tokens of a KV block.
const BLOCK_TOKENS: u32 = 16;
/// KV blocks of a replica.
const BLOCKS: u32 = 10_240;
/// A client that has waited this long for its first token goes away.
const PATIENCE_S: f64 = 30.0;
/// A replica with this many requests waiting takes no more (HTTP 503).
const QUEUE_MAX: usize = 512;

/// What the surroundings say about a replica's next step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    /// Clock ratio of its GPUs, 0..=1.
    pub(crate) speed: f64,
    /// Share of a prompt that is in the prefix cache.
    pub(crate) prefix_hits: f64,
    /// Share of requests that fail.
    pub(crate) errors: f64,
    /// Share of the KV blocks that can be used.
    pub(crate) kv_share: f64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Stop,
    Length,
    Abort,
    Error,
}

/// Everything a replica counts.
#[derive(Clone, Debug)]
pub(crate) struct Counters {
    pub(crate) finished: [u64; 4],
    pub(crate) rejected: u64,
    pub(crate) preemptions: u64,
    pub(crate) prompt_tokens: u64,
    pub(crate) cached_tokens: u64,
    pub(crate) recomputed_tokens: u64,
    pub(crate) generation_tokens: u64,
    pub(crate) ttft: Buckets,
    pub(crate) itl: Buckets,
    pub(crate) tpot: Buckets,
    pub(crate) e2e: Buckets,
    pub(crate) queue: Buckets,
    pub(crate) prefill: Buckets,
    pub(crate) decode: Buckets,
    pub(crate) inference: Buckets,
    pub(crate) request_prompt_tokens: Buckets,
    pub(crate) request_generation_tokens: Buckets,
    pub(crate) iteration_tokens: Buckets,
    /// Per tenant: requests, failed requests, prompt tokens, output tokens.
    pub(crate) tenants: [TenantCounters; TENANTS.len()],
}

/// What the gateway bills.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TenantCounters {
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    pub(crate) prompt_tokens: u64,
    pub(crate) output_tokens: u64,
}

impl Counters {
    fn new() -> Self {
        Self {
            finished: [0; 4],
            rejected: 0,
            preemptions: 0,
            prompt_tokens: 0,
            cached_tokens: 0,
            recomputed_tokens: 0,
            generation_tokens: 0,
            ttft: Buckets::new(TTFT_S),
            itl: Buckets::new(ITL_S),
            tpot: Buckets::new(ITL_S),
            e2e: Buckets::new(REQUEST_S),
            queue: Buckets::new(REQUEST_S),
            prefill: Buckets::new(REQUEST_S),
            decode: Buckets::new(REQUEST_S),
            inference: Buckets::new(REQUEST_S),
            request_prompt_tokens: Buckets::new(TOKENS),
            request_generation_tokens: Buckets::new(TOKENS),
            iteration_tokens: Buckets::new(ITERATION_TOKENS),
            tenants: [TenantCounters::default(); TENANTS.len()],
        }
    }
}

/// A request inside the engine.
#[derive(Clone, Copy, Debug)]
struct Sequence {
    request: Request,
    /// First scheduled; NaN before.
    scheduled_s: f64,
    /// First token; NaN before.
    first_token_s: f64,
    /// Last token, for the gap that a preemption tears.
    last_token_s: f64,
    /// Tokens given out so far, as of `joined_step`.
    generated: u32,
    /// Tokens still to be computed before it decodes.
    prefill_left: u32,
    /// The decode step at which it joined the batch.
    joined_step: u64,
    /// Blocks it holds, as of `joined_step`.
    blocks: u32,
    decoding: bool,
    /// Grows with every preemption, so that stale entries of the heap are known.
    epoch: u32,
}

impl Sequence {
    fn tokens_at(&self, step: u64) -> u32 {
        let since = if self.decoding { (step - self.joined_step) as u32 } else { 0 };
        self.request.prompt_tokens + self.generated + since
    }

    fn blocks_at(&self, step: u64) -> u32 {
        if self.decoding { blocks_for(self.tokens_at(step)) } else { self.blocks }
    }
}

fn blocks_for(tokens: u32) -> u32 {
    tokens.div_ceil(BLOCK_TOKENS)
}

/// Work of the GPUs since it was last asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Work {
    /// Seconds within steps.
    pub(crate) busy_s: f64,
    /// Of these, for prefill.
    pub(crate) prefill_s: f64,
}

/// An engine.
#[derive(Debug)]
pub(crate) struct Replica {
    /// End of the last step.
    now_s: f64,
    steps: u64,
    sequences: Vec<Sequence>,
    free: Vec<usize>,
    waiting: VecDeque<usize>,
    prefilling: VecDeque<usize>,
    /// Running sequences in order of admission; the finished ones are skipped lazily.
    admitted: Vec<(usize, u32)>,
    /// `(step, sequence, epoch)` of completions.
    completions: BinaryHeap<Reverse<(u64, usize, u32)>>,
    decoding: u32,
    running: usize,
    /// How many decoding sequences need a new block at a step with this remainder.
    needs_block: [u32; BLOCK_TOKENS as usize],
    blocks_used: u32,
    kv_tokens: u64,
    work: Work,
    pub(crate) counters: Counters,
    pub(crate) started_s: f64,
}

impl Replica {
    pub(crate) fn new(now_s: f64) -> Self {
        Self {
            now_s,
            steps: 0,
            sequences: Vec::new(),
            free: Vec::new(),
            waiting: VecDeque::new(),
            prefilling: VecDeque::new(),
            admitted: Vec::new(),
            completions: BinaryHeap::new(),
            decoding: 0,
            running: 0,
            needs_block: [0; BLOCK_TOKENS as usize],
            blocks_used: 0,
            kv_tokens: 0,
            work: Work::default(),
            counters: Counters::new(),
            started_s: now_s,
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn running(&self) -> usize {
        self.running
    }

    /// Used share of the usable KV blocks, 0..=1.
    pub(crate) fn kv_usage(&self, kv_share: f64) -> f64 {
        (f64::from(self.blocks_used) / (f64::from(BLOCKS) * kv_share)).min(1.0)
    }

    /// The work since the last call.
    pub(crate) fn take_work(&mut self) -> Work {
        std::mem::take(&mut self.work)
    }

    /// Hands a request in; the replica must have been advanced to its arrival.
    pub(crate) fn submit(&mut self, request: Request, conditions: &Conditions) {
        let tenant = &mut self.counters.tenants[request.tenant];
        tenant.requests += 1;
        if self.waiting.len() >= QUEUE_MAX {
            tenant.failed += 1;
            self.counters.rejected += 1;
            return;
        }
        if request.luck < conditions.errors {
            tenant.failed += 1;
            self.counters.finished[Finish::Error as usize] += 1;
            return;
        }
        let sequence = Sequence {
            request,
            scheduled_s: f64::NAN,
            first_token_s: f64::NAN,
            last_token_s: f64::NAN,
            generated: 0,
            prefill_left: 0,
            joined_step: 0,
            blocks: 0,
            decoding: false,
            epoch: 0,
        };
        let id = if let Some(id) = self.free.pop() {
            let epoch = self.sequences[id].epoch + 1;
            self.sequences[id] = Sequence { epoch, ..sequence };
            id
        } else {
            self.sequences.push(sequence);
            self.sequences.len() - 1
        };
        self.waiting.push_back(id);
    }

    /// Runs all steps that end by `until_s`.
    pub(crate) fn advance(&mut self, until_s: f64, conditions: &Conditions) {
        while self.now_s < until_s {
            self.drop_impatient(until_s);
            let Some(arrival_s) = self.next_work_s() else {
                self.now_s = until_s;
                return;
            };
            if arrival_s > self.now_s {
                if arrival_s >= until_s {
                    self.now_s = until_s;
                    return;
                }
                self.now_s = arrival_s;
            }
            if !self.step(until_s, conditions) {
                return;
            }
        }
    }

    /// When there is something to do: now, when the next request arrives, or never.
    fn next_work_s(&self) -> Option<f64> {
        if self.running > 0 {
            return Some(self.now_s);
        }
        self.waiting.front().map(|id| self.sequences[*id].request.arrival_s.max(self.now_s))
    }

    /// Clients that never got a token give up. Those behind the front came later.
    fn drop_impatient(&mut self, until_s: f64) {
        while let Some(&id) = self.waiting.front() {
            let sequence = &self.sequences[id];
            let patient = sequence.request.arrival_s + PATIENCE_S > self.now_s.min(until_s);
            if patient || !sequence.first_token_s.is_nan() {
                return;
            }
            self.waiting.pop_front();
            self.counters.tenants[sequence.request.tenant].failed += 1;
            self.counters.finished[Finish::Abort as usize] += 1;
            self.free.push(id);
        }
    }

    /// One step. `false` if it would end after `until_s`; then nothing happened that the next call would
    /// not do again.
    fn step(&mut self, until_s: f64, conditions: &Conditions) -> bool {
        let usable_blocks = (f64::from(BLOCKS) * conditions.kv_share) as u32;
        self.make_room_for_decode(usable_blocks);
        self.admit(usable_blocks, conditions);

        let mut budget = STEP_TOKENS.saturating_sub(self.decoding);
        let mut prefill_tokens = 0;
        for id in &self.prefilling {
            let chunk = self.sequences[*id].prefill_left.min(budget);
            prefill_tokens += chunk;
            budget -= chunk;
            if budget == 0 {
                break;
            }
        }
        let prefill_ms = 0.035 * f64::from(prefill_tokens);
        let decode_ms = 0.03 * f64::from(self.decoding) + 2e-5 * self.kv_tokens as f64;
        let step_s = (8.0 + prefill_ms + decode_ms) / 1000.0 / conditions.speed;
        if self.now_s + step_s > until_s {
            return false;
        }

        self.now_s += step_s;
        self.work.busy_s += step_s;
        self.work.prefill_s += prefill_ms / 1000.0 / conditions.speed;
        self.decode(step_s);
        self.prefill(prefill_tokens);
        self.counters.iteration_tokens.observe(f64::from(prefill_tokens + self.decoding));
        true
    }

    /// Every decoding sequence gets a token; those that are done leave.
    fn decode(&mut self, step_s: f64) {
        let emitted = u64::from(self.decoding);
        self.blocks_used += self.needs_block[(self.steps % u64::from(BLOCK_TOKENS)) as usize];
        self.steps += 1;
        self.kv_tokens += emitted;
        self.counters.generation_tokens += emitted;
        if emitted > 0 {
            self.counters.itl.observe_many(step_s, emitted);
        }
        while let Some(Reverse((step, id, epoch))) = self.completions.peek().copied() {
            if step > self.steps {
                break;
            }
            self.completions.pop();
            if self.sequences[id].epoch == epoch && self.sequences[id].decoding {
                self.finish(id);
            }
        }
    }

    /// Distributes `tokens` over the prefilling sequences, in order; a complete prefill gives a token.
    fn prefill(&mut self, mut tokens: u32) {
        while tokens > 0 {
            let Some(&id) = self.prefilling.front() else { return };
            let sequence = &mut self.sequences[id];
            let chunk = sequence.prefill_left.min(tokens);
            sequence.prefill_left -= chunk;
            tokens -= chunk;
            if sequence.prefill_left > 0 {
                return;
            }
            self.prefilling.pop_front();
            self.first_token(id);
        }
    }

    fn first_token(&mut self, id: usize) {
        let now_s = self.now_s;
        let sequence = &mut self.sequences[id];
        if sequence.first_token_s.is_nan() {
            sequence.first_token_s = now_s;
            self.counters.ttft.observe(now_s - sequence.request.arrival_s);
        } else {
            self.counters.itl.observe(now_s - sequence.last_token_s);
        }
        sequence.last_token_s = now_s;
        sequence.generated += 1;
        sequence.joined_step = self.steps;
        sequence.decoding = true;
        self.counters.generation_tokens += 1;
        let tokens = sequence.tokens_at(self.steps);
        self.kv_tokens += u64::from(tokens);
        let held = blocks_for(tokens);
        self.blocks_used += held - sequence.blocks;
        sequence.blocks = held;
        let left = sequence.request.output_tokens.saturating_sub(sequence.generated);
        let epoch = sequence.epoch;
        self.needs_block[block_phase(self.steps, tokens)] += 1;
        self.decoding += 1;
        if left == 0 {
            self.finish(id);
        } else {
            self.completions.push(Reverse((self.steps + u64::from(left), id, epoch)));
        }
    }

    fn finish(&mut self, id: usize) {
        self.leave_batch(id);
        let sequence = self.sequences[id];
        let request = sequence.request;
        let output = request.output_tokens;
        let finish = if request.cut_at_length { Finish::Length } else { Finish::Stop };
        let counters = &mut self.counters;
        counters.finished[finish as usize] += 1;
        let decode_s = self.now_s - sequence.first_token_s;
        counters.e2e.observe(self.now_s - request.arrival_s);
        counters.queue.observe(sequence.scheduled_s - request.arrival_s);
        counters.prefill.observe(sequence.first_token_s - sequence.scheduled_s);
        counters.decode.observe(decode_s);
        counters.inference.observe(self.now_s - sequence.scheduled_s);
        counters.tpot.observe(if output > 1 { decode_s / f64::from(output - 1) } else { 0.0 });
        counters.request_prompt_tokens.observe(f64::from(request.prompt_tokens));
        counters.request_generation_tokens.observe(f64::from(output));
        let tenant = &mut counters.tenants[request.tenant];
        tenant.prompt_tokens += u64::from(request.prompt_tokens);
        tenant.output_tokens += u64::from(output);
        self.sequences[id].epoch += 1;
        self.free.push(id);
    }

    /// Takes a sequence out of the batch and gives its blocks back.
    fn leave_batch(&mut self, id: usize) {
        let sequence = self.sequences[id];
        self.blocks_used -= sequence.blocks_at(self.steps);
        self.running -= 1;
        if sequence.decoding {
            let tokens = sequence.tokens_at(self.steps);
            self.kv_tokens -= u64::from(tokens);
            self.needs_block[block_phase(self.steps, tokens)] -= 1;
            self.decoding -= 1;
            self.sequences[id].decoding = false;
        }
    }

    /// Preempts the youngest sequences until the blocks of the next token are free.
    fn make_room_for_decode(&mut self, usable_blocks: u32) {
        loop {
            let needed = self.needs_block[(self.steps % u64::from(BLOCK_TOKENS)) as usize];
            if self.blocks_used + needed <= usable_blocks || self.running <= 1 {
                return;
            }
            let Some((id, epoch)) = self.admitted.pop() else { return };
            if self.sequences[id].epoch == epoch {
                self.preempt(id);
            }
        }
    }

    fn preempt(&mut self, id: usize) {
        let tokens = self.sequences[id].tokens_at(self.steps);
        let was_decoding = self.sequences[id].decoding;
        self.leave_batch(id);
        self.prefilling.retain(|other| *other != id);
        let sequence = &mut self.sequences[id];
        sequence.generated = tokens - sequence.request.prompt_tokens;
        sequence.epoch += 1;
        sequence.blocks = 0;
        sequence.prefill_left = 0;
        if was_decoding {
            sequence.last_token_s = self.now_s;
        }
        self.counters.preemptions += 1;
        self.counters.recomputed_tokens += u64::from(tokens);
        self.waiting.push_front(id);
    }

    /// Admits waiting requests while slots, step tokens and blocks for their whole prompt are free.
    fn admit(&mut self, usable_blocks: u32, conditions: &Conditions) {
        let pending: u32 = self.prefilling.iter().map(|id| self.sequences[*id].prefill_left).sum();
        let mut budget = STEP_TOKENS.saturating_sub(self.decoding + pending);
        if self.admitted.len() > 4 * SEQUENCES_MAX {
            let sequences = &self.sequences;
            self.admitted.retain(|(id, epoch)| sequences[*id].epoch == *epoch);
        }
        while budget > 0 && self.running < SEQUENCES_MAX {
            let Some(&id) = self.waiting.front() else { return };
            let sequence = &mut self.sequences[id];
            let tokens = sequence.request.prompt_tokens + sequence.generated;
            let blocks = blocks_for(tokens + 1);
            if sequence.request.arrival_s > self.now_s
                || (self.blocks_used + blocks > usable_blocks && self.running > 0)
            {
                return;
            }
            self.waiting.pop_front();
            let fresh = sequence.scheduled_s.is_nan();
            let cached = (f64::from(sequence.request.prompt_tokens) * conditions.prefix_hits) as u32;
            sequence.prefill_left = (tokens - cached).max(1);
            sequence.blocks = blocks;
            if fresh {
                sequence.scheduled_s = self.now_s;
                self.counters.prompt_tokens += u64::from(sequence.request.prompt_tokens);
                self.counters.cached_tokens += u64::from(cached);
            }
            budget = budget.saturating_sub(sequence.prefill_left);
            self.blocks_used += blocks;
            self.running += 1;
            self.admitted.push((id, sequence.epoch));
            self.prefilling.push_back(id);
        }
    }
}

/// The remainder of the step numbers at which a sequence of `tokens` tokens at `step` needs a new block:
/// those at which its length is a multiple of the block before the token is added.
fn block_phase(step: u64, tokens: u32) -> usize {
    let block = u64::from(BLOCK_TOKENS);
    let into_block = u64::from(tokens) % block;
    ((step + block - into_block) % block) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrivals::Arrivals;

    const CALM: Conditions = Conditions { speed: 1.0, prefix_hits: 0.3, errors: 0.0, kv_share: 1.0 };

    /// A replica under `rate` requests a second (of the usual lengths) for `seconds`.
    fn under_load(rate: f64, seconds: f64, conditions: &Conditions) -> Replica {
        let mut arrivals = Arrivals::new(0, 11, 0.0);
        let mut replica = Replica::new(0.0);
        let mut arrival_s = 0.0;
        let mut number = 0.0;
        while arrival_s < seconds {
            let request = arrivals.next(|_| 1.0);
            number += 1.0;
            arrival_s = number / rate;
            replica.advance(arrival_s, conditions);
            replica.submit(Request { arrival_s, ..request }, conditions);
            replica.check();
        }
        replica.advance(seconds, conditions);
        replica
    }

    impl Replica {
        /// What is kept by counting must equal what is found by looking.
        fn check(&self) {
            let live: Vec<&Sequence> = self
                .admitted
                .iter()
                .filter(|(id, epoch)| self.sequences[*id].epoch == *epoch)
                .map(|(id, _)| &self.sequences[*id])
                .collect();
            assert_eq!(live.len(), self.running);
            let blocks: u32 = live.iter().map(|s| s.blocks_at(self.steps)).sum();
            assert_eq!(blocks, self.blocks_used);
            let tokens: u64 =
                live.iter().filter(|s| s.decoding).map(|s| u64::from(s.tokens_at(self.steps))).sum();
            assert_eq!(tokens, self.kv_tokens);
            assert_eq!(live.iter().filter(|s| s.decoding).count(), self.decoding as usize);
        }
    }

    fn mean(buckets: &Buckets) -> f64 {
        buckets.sum() / buckets.count() as f64
    }

    #[test]
    fn counting_agrees_with_looking_and_every_token_is_observed() {
        let mut replica = under_load(6.0, 120.0, &CALM);
        replica.advance(400.0, &CALM);
        assert_eq!(replica.running() + replica.waiting(), 0, "everything came to its end");
        assert_eq!((replica.blocks_used, replica.kv_tokens), (0, 0));
        let counters = &replica.counters;
        let requests = counters.e2e.count();
        assert_eq!(counters.ttft.count(), requests);
        assert_eq!(counters.itl.count() + requests, counters.generation_tokens);
        assert_eq!(counters.request_generation_tokens.sum(), counters.generation_tokens as f64);
    }

    #[test]
    fn beyond_capacity_the_first_token_waits_while_tokens_keep_their_pace() {
        let calm = under_load(9.0, 300.0, &CALM);
        let full = under_load(17.0, 300.0, &CALM);
        assert!(mean(&calm.counters.ttft) < 0.3, "{}", mean(&calm.counters.ttft));
        assert!(mean(&full.counters.ttft) > 5.0 * mean(&calm.counters.ttft));
        assert!(mean(&full.counters.itl) < 3.0 * mean(&calm.counters.itl));
        assert!(full.counters.preemptions > 0);
        assert!(full.kv_usage(1.0) > 0.9);
    }

    #[test]
    fn a_slow_clock_stretches_tokens_before_queues() {
        let slow = Conditions { speed: 0.65, ..CALM };
        let (calm, hot) = (under_load(8.0, 300.0, &CALM), under_load(8.0, 300.0, &slow));
        assert!(mean(&hot.counters.itl) > 1.5 * mean(&calm.counters.itl));
        assert!(mean(&hot.counters.e2e) > 1.5 * mean(&calm.counters.e2e));
    }

    #[test]
    fn half_the_blocks_cap_the_batch_and_preempt() {
        let half = Conditions { kv_share: 0.5, ..CALM };
        let starved = under_load(11.5, 300.0, &half);
        assert!(starved.counters.preemptions > 50, "{}", starved.counters.preemptions);
        assert!(starved.kv_usage(0.5) > 0.8);
    }
}
