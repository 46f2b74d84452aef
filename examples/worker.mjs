// A worker for Refold in plain JavaScript: REFOLD_SERVER=http://127.0.0.1:8080 node examples/worker.mjs
// The protocol: docs/reference/worker-protocol.md. To make your own, change `activities`.
const server = process.env.REFOLD_SERVER ?? "http://127.0.0.1:8080";
const worker = `node-${process.pid}-${Date.now().toString(36)}`;
const CREDITS = 100;

const activities = {
  echo: (input) => input,
  break_down: () => { throw Object.assign(new Error("as asked"), { type: "conformance.failed", retryable: false }); },
  async linger(input, { heartbeat, signal }) {
    const ticks = Math.max(1, Math.floor(input.seconds * 10));
    for (let tick = 0; tick < ticks && !signal.aborted; tick++) {
      heartbeat(tick / ticks, { tick });
      await pause(100);
    }
    return "lingered";
  },
};

const inHand = new Map(); // task id -> AbortController: all that we were given and have no receipt for
let news = []; // what is to be reported
let stopping = false, polling = new AbortController(), wake = () => {};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const tell = (result) => { news.push(result); wake(); };

async function post(path, message, signal) {
  const body = JSON.stringify({ protocol: 1, worker, ...message });
  const answer = await fetch(server + path, { method: "POST", headers: { "content-type": "application/json" }, body, signal });
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text);
  if ([400, 401, 403, 426].includes(answer.status)) { console.error(`refused: ${answer.status} ${text}`); process.exit(1); }
  throw new Error(`${answer.status} ${text}`);
}

async function run(task) {
  const stop = new AbortController();
  inHand.set(task.task, stop);
  const heartbeat = (progress, detail = null) => stop.signal.aborted || tell({ task: task.task, progress, detail });
  if (task.report_start) tell({ task: task.task, started: true });
  try {
    const output = await activities[task.kind](task.input, { config: task.config, task, heartbeat, signal: stop.signal });
    if (!stop.signal.aborted) return tell({ task: task.task, output: output ?? null });
  } catch (error) {
    const failure = { type: error.type ?? error.name, message: error.message, retryable: error.retryable ?? true };
    if (!stop.signal.aborted) return tell({ task: task.task, error: failure });
  }
  inHand.delete(task.task); // it was cancelled: nobody waits for what we have to say
}

async function poll() {
  const running = [...inHand].filter(([, stop]) => !stop.signal.aborted).map(([task]) => task);
  const credits = stopping ? 0 : CREDITS - inHand.size, wait_s = stopping ? 0.2 : 20;
  const kinds = stopping ? [] : Object.keys(activities);
  const answer = await post("/v1/worker/poll", { kinds, queues: ["default"], credits, wait_s, running }, polling.signal);
  for (const task of answer.cancel) inHand.get(task)?.abort();
  for (const task of answer.tasks) if (!inHand.has(task.task)) run(task);
}

async function report() {
  if (!news.length) await new Promise((resolve) => { wake = resolve; });
  const results = news.splice(0, 500);
  try {
    const receipt = await post("/v1/worker/results", { results });
    const taken = new Set([...receipt.accepted, ...receipt.rejected.map((one) => one.task)]);
    for (const one of results) if (taken.has(one.task) && ("output" in one || "error" in one)) inHand.delete(one.task);
    for (const task of receipt.cancel) inHand.get(task)?.abort();
  } catch (error) {
    news.unshift(...results.filter((one) => "output" in one || "error" in one)); // not acknowledged: it goes again
    throw error;
  }
}

const forever = async (step) => {
  for (let failures = 0; !(stopping && !inHand.size); )
    await step().then(() => (failures = 0), () => stopping || pause(Math.min(5000, 100 * 2 ** failures++)));
};
process.on("SIGTERM", () => { stopping = true; polling.abort(); polling = new AbortController(); });
forever(report);
await forever(poll);
await post("/v1/worker/poll", { kinds: [], credits: 0, wait_s: 0, running: [] }).catch(() => {}); // good-bye
process.exit(0);
