// A worker for Refold in plain JavaScript: REFOLD_SERVER=http://127.0.0.1:8080 node examples/worker.mjs
// It keeps to docs/reference/worker-protocol.md. To make your own, change `activities`.
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const activities = {
  echo: (input) => input,
  async add_up(input, { step, signal }) { // each number once, whoever is killed in between
    let sum = 0;
    for (const [index, number] of input.numbers.entries()) sum += await step(`number ${index}`, async () => {
      if (index === input.pause_at) await Promise.race([pause(60_000), new Promise((stop) => signal.addEventListener("abort", stop))]);
      return number;
    });
    return sum;
  },
  break_down: () => { throw Object.assign(new Error("as asked"), { type: "conformance.failed", retryable: false }); },
  async linger(input, { heartbeat, signal }) {
    const ticks = Math.max(1, Math.floor(input.seconds * 10));
    for (let tick = 0; tick < ticks && !signal.aborted; tick++) { heartbeat(tick / ticks); await pause(100); }
    return "lingered";
  },
};

const url = `${process.env.REFOLD_SERVER ?? "http://127.0.0.1:8080"}/v1/worker/`;
const worker = `node-${process.pid}-${Date.now().toString(36)}`;
const inHand = new Map(); // task id -> AbortController: what we were given and have no receipt for
const recorded = new Map(); // task id -> what goes on once its step is durable
let news = [], sending = false; // what there is to report, and whether a request with some of it is under way
const stopping = new AbortController();
process.once("SIGTERM", () => { stopping.abort(); setTimeout(process.exit, 30_000, 1).unref(); });

async function post(path, message, signal) { // again and again until there is an answer, or the signal comes
  const body = JSON.stringify({ protocol: 1, worker, ...message });
  for (let ms = 100; !signal?.aborted; ms = Math.min(2 * ms, 5000)) {
    const asked = fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body, signal });
    const [answer, text] = await asked.then(async (answer) => [answer, await answer.text()]).catch(() => []);
    if (answer?.ok) return JSON.parse(text);
    if ([400, 401, 403, 413, 426].includes(answer?.status)) { console.error(answer.status, text); process.exit(1); }
    await pause(1000 * answer?.headers.get("retry-after") || ms);
  }
}
const forget = (tasks) => tasks.forEach((task) => { inHand.get(task)?.abort(); inHand.delete(task); recorded.delete(task); });
async function tell(result) { // what is told while a request is under way goes with the next one
  news.push(result);
  while (news.length && !sending) {
    sending = true;
    const results = news.splice(0, 500), { accepted, rejected, cancel } = await post("results", { results });
    const taken = new Set([...accepted, ...rejected.map(({ task }) => task)]);
    const ends = results.filter((one) => "output" in one || "error" in one || one.again), steps = results.filter((one) => one.step);
    const ended = ends.map(({ task }) => task).filter((task) => taken.has(task));
    forget([...cancel, ...ended, ...rejected.map(({ task }) => task)]);
    steps.filter(({ task }) => taken.has(task)).forEach(({ task }) => recorded.get(task)?.()); // one of a task at a time
    news.unshift(...[...steps, ...ends].filter(({ task }) => !taken.has(task)));
    sending = false;
  }
}
async function run(task) {
  const stop = new AbortController(), { signal } = stop;
  inHand.set(task.task, stop);
  const say = (result) => { if (!signal.aborted) tell({ task: task.task, ...result }); };
  const step = async (name, fn) => { // durable before it is gone on from
    if (task.may_have_begun) { say({ again: true }); return new Promise(() => {}); }
    if (Object.hasOwn(task.steps ?? {}, name)) return task.steps[name];
    const output = (await fn()) ?? null;
    await new Promise((go) => { recorded.set(task.task, go); say({ step: { name, output } }); });
    return output;
  };
  const context = { task, signal, step, heartbeat: (progress, detail = null) => say({ progress, detail }) };
  if (task.report_start) say({ started: true });
  try {
    const output = (await activities[task.kind](task.input, context)) ?? null;
    JSON.stringify(output); // what is no JSON is the failure of its task
    say({ output });
  } catch (error) { // whatever was thrown, and whatever it is made of
    const { name = "Error", type = name, message = error, retryable = true } = Object(error);
    say({ error: { type: String(type), message: String(message), retryable: Boolean(retryable) } });
  }
}
async function poll(kinds, credits, wait_s, signal) {
  const { cancel = [], tasks = [] } = (await post("poll", { kinds, credits, wait_s, running: [...inHand.keys()] }, signal)) ?? {};
  forget(cancel);
  tasks.forEach(run);
}
while (!stopping.signal.aborted) await poll(Object.keys(activities), 100 - inHand.size, 20, stopping.signal);
while (inHand.size) await poll([], 0, 0.2);
await poll([], 0, 0); // good-bye
