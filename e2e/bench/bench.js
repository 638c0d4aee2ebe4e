// The page's side of the chart benchmark: same data, same size, same run, contestants in turn.
import init, { Panel } from "/wasm/bench.js";

const WIDTH = 1000, HEIGHT = 300;
const PANELS = [[5, 1000, 60], [50, 1000, 24], [200, 1000, 12], [1, 100000, 60]];
const COLORS = ["#5b9cf0", "#f09a4a", "#3fb8a6", "#d983c4", "#d6b93a", "#8f8ff2", "#7fbf4d", "#ee7f7a", "#45b4dd", "#c9956b", "#b58bea", "#9fb0bf"];
const START = 1795228800, STEP = 15;

// A seeded walk, so that every run draws the same lines.
function walks(series, steps) {
  let seed = 42;
  const random = () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 4294967296);
  const all = new Float64Array(series * steps);
  for (let s = 0; s < series; s++) {
    let value = 50 + random() * 50;
    for (let i = 0; i < steps; i++) {
      value += (random() - 0.5) * 4;
      if (value < 0) value = -value;
      all[s * steps + i] = value + random() * 2;
    }
  }
  return all;
}

function ours(values, steps) {
  const canvas = document.body.appendChild(document.createElement("canvas"));
  canvas.style.cssText = `display:block;width:${WIDTH}px;height:${HEIGHT}px`;
  const panel = Panel.on(canvas, values, steps, START * 1000, STEP * 1000);
  return {
    draw: () => panel.draw(WIDTH, HEIGHT, devicePixelRatio),
    canvas,
    remove: () => { canvas.remove(); panel.free(); },
  };
}

function uplot(values, steps, width) {
  const host = document.body.appendChild(document.createElement("div"));
  const times = Array.from({ length: steps }, (_, i) => START + i * STEP);
  const data = [times];
  for (let s = 0; s * steps < values.length; s++) data.push(Array.from(values.subarray(s * steps, (s + 1) * steps)));
  const axis = { stroke: "#98a4b3", grid: { stroke: "#22272f", width: 1 / devicePixelRatio } };
  const plot = new uPlot({
    width: WIDTH, height: HEIGHT, legend: { show: false }, cursor: { show: false }, axes: [axis, axis],
    series: [{}, ...data.slice(1).map((_, i) => ({ stroke: COLORS[i % 12], width, points: { show: false } }))],
  }, data, host);
  return { draw: () => plot.setData(data), canvas: host.querySelector("canvas"), remove: () => plot.destroy() };
}

const median = list => list.sort((a, b) => a - b)[list.length >> 1];
const breath = () => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));

async function contest(contestants, rounds) {
  const times = contestants.map(() => ({ draw: [], total: [] }));
  for (let round = -2; round < rounds; round++) {
    for (let k = 0; k < contestants.length; k++) {
      // Each begins as often as any other.
      const who = (k + round + 2) % contestants.length;
      const { draw, canvas } = contestants[who];
      const context = canvas.getContext("2d");
      await breath();
      const t0 = performance.now();
      draw();
      // uPlot commits in a microtask.
      await null;
      const t1 = performance.now();
      // Reading one pixel waits until all is rastered.
      context.getImageData(0, 0, 1, 1);
      const t2 = performance.now();
      if (round >= 0) {
        times[who].draw.push(t1 - t0);
        times[who].total.push(t2 - t0);
      }
    }
  }
  return times.map(t => ({ draw: median(t.draw), total: median(t.total) }));
}

try {
  await init({ module_or_path: "/wasm/bench_bg.wasm" });
  const thin = 1 / devicePixelRatio;
  const rows = [];
  for (const [series, steps, rounds] of PANELS) {
    const values = walks(series, steps);
    const contestants = [ours(values, steps), uplot(values, steps, 1)];
    if (thin !== 1) contestants.push(uplot(values, steps, thin));
    const sizes = contestants.map(c => `${c.canvas.width}x${c.canvas.height}`);
    if (new Set(sizes).size !== 1) throw new Error("canvases differ: " + sizes);
    const times = await contest(contestants, devicePixelRatio > 1 ? rounds / 2 : rounds);
    rows.push({ panel: `${series} × ${steps.toLocaleString("en")}`, times });
    if (location.hash !== "#keep") contestants.forEach(c => c.remove());
  }
  await fetch("/result", { method: "POST", body: JSON.stringify({ dpr: devicePixelRatio, agent: navigator.userAgent, rows }) });
} catch (error) {
  await fetch("/result", { method: "POST", body: JSON.stringify({ error: String(error?.stack ?? error) }) });
}
