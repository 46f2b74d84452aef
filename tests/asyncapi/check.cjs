// Reads an AsyncAPI document from stdin; what the official parser finds in it, as JSON.
const { Parser } = require("@asyncapi/parser");

let text = "";
process.stdin.on("data", (part) => { text += part; });
process.stdin.on("end", async () => {
  const { document, diagnostics } = await new Parser().parse(text);
  const found = diagnostics.map(({ severity, code, message, path }) => ({ severity, code, message, path: path.join("/") }));
  const channels = document ? document.channels().all().map((one) => [one.address(), one.messages().all().length]) : [];
  process.stdout.write(JSON.stringify({ found, channels }));
});
