// Chart drawing against uPlot, in headless Chromium: node e2e/bench/run.mjs [--runs N] [--shot DIR] [--no-build]
// Builds the benchmark's wasm, fetches uPlot into target/bench, runs the page at device pixel ratio 1 and 2
// and prints a table (milliseconds, and ratios to uPlot of the same run; medians of the runs).
import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:http";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const UPLOT = "1.6.32";
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const work = join(root, "target/bench");
const argument = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const runs = Number(argument("--runs", "3"));
const shots = argument("--shot");

function build() {
  const target = "wasm32-unknown-unknown";
  // A directory of its own: the app's build need not wait for this one.
  const dir = join(work, "cargo");
  const run = (program, ...args) => execFileSync(program, args, { cwd: root, stdio: "inherit" });
  run("cargo", "build", "-p", "chart-bench", "--target", target, "--profile", "wasm-release", "--target-dir", dir);
  run("cargo", "xtask", "bindgen", join(dir, target, "wasm-release/chart_bench.wasm"), join(work, "wasm"));
}

function fetchUplot() {
  const dir = join(work, "uplot");
  if (existsSync(join(dir, "package/dist/uPlot.iife.min.js"))) return;
  mkdirSync(dir, { recursive: true });
  execFileSync("npm", ["pack", "--silent", `uplot@${UPLOT}`], { cwd: dir, stdio: "inherit" });
  execFileSync("tar", ["xzf", `uplot-${UPLOT}.tgz`], { cwd: dir });
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };
const FOLDERS = { wasm: join(work, "wasm"), uplot: join(work, "uplot/package/dist") };

// Chromium's helpers may still be writing for a moment after the browser itself is gone.
function removeLater(profile, tries = 20) {
  try {
    rmSync(profile, { recursive: true, force: true });
  } catch (error) {
    if (tries > 0) setTimeout(removeLater, 100, profile, tries - 1);
    else console.error(`left behind: ${profile}: ${error.message}`);
  }
}

// Serves the page until it has posted its result.
function measure(dpr, shot) {
  return new Promise((resolve, reject) => {
    const profile = mkdtempSync(join(tmpdir(), "chart-bench-"));
    let browser, patience;
    const server = createServer((request, response) => {
      const path = normalize(new URL(request.url, "http://x").pathname);
      if (request.method === "POST") {
        let body = "";
        request.on("data", part => (body += part));
        request.on("end", () => {
          response.end();
          if (!shot) finish(JSON.parse(body));
        });
        return;
      }
      const [, first, ...rest] = path.split("/");
      const file = path === "/" ? join(here, "index.html") : FOLDERS[first] ? join(FOLDERS[first], ...rest) : join(here, first);
      if (!existsSync(file)) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
      response.end(readFileSync(file));
    });
    const finish = result => {
      clearTimeout(patience);
      const clear = () => {
        removeLater(profile);
        server.close(() => (result.error ? reject(new Error(result.error)) : resolve(result)));
        server.closeAllConnections();
      };
      if (browser.exitCode !== null) return clear();
      browser.once("exit", clear);
      browser.kill();
    };
    server.listen(0, "127.0.0.1", () => {
      const address = `http://127.0.0.1:${server.address().port}/${shot ? "#keep" : ""}`;
      const screenshot = shot ? [`--screenshot=${shot}`, "--window-size=1000,2900", "--timeout=20000"] : [];
      browser = spawn(process.env.CHROMIUM ?? "chromium", [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", `--user-data-dir=${profile}`,
        `--force-device-scale-factor=${dpr}`, ...screenshot, address,
      ], { stdio: "ignore" });
      browser.on("error", reject);
      if (shot) browser.once("exit", () => finish({}));
      patience = setTimeout(() => finish({ error: "the page did not finish in five minutes" }), 300_000);
    });
  });
}

const median = list => [...list].sort((a, b) => a - b)[list.length >> 1];
const ms = value => value.toFixed(1);

if (!process.argv.includes("--no-build")) build();
fetchUplot();
for (const dpr of [1, 2]) {
  if (shots) await measure(dpr, join(shots, `bench-${dpr}.png`)).catch(() => {});
  const results = [];
  for (let i = 0; i < runs; i++) results.push(await measure(dpr));
  const thin = results[0].rows[0].times.length > 2;
  console.log(`\nDevice pixel ratio ${results[0].dpr}, ${runs} runs, ${results[0].agent.match(/Chrome\/[\d.]+/)}; ms draw / total\n`);
  console.log(`| panel | Watchfire | uPlot ${UPLOT} | ratio of totals (each run) |${thin ? " uPlot with 1-device-px lines | ratio |" : ""}`);
  console.log(`|---|---|---|---|${thin ? "---|---|" : ""}`);
  results[0].rows.forEach((row, r) => {
    const cell = who => `${ms(median(results.map(x => x.rows[r].times[who].draw)))} / ${ms(median(results.map(x => x.rows[r].times[who].total)))}`;
    const ratio = who => {
      const each = results.map(x => x.rows[r].times[0].total / x.rows[r].times[who].total);
      return `**${median(each).toFixed(2)}** (${each.map(v => v.toFixed(2)).join(", ")})`;
    };
    console.log(`| ${row.panel} | ${cell(0)} | ${cell(1)} | ${ratio(1)} |${thin ? ` ${cell(2)} | ${ratio(2)} |` : ""}`);
  });
}
