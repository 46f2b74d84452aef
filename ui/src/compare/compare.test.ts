import { expect, test } from "vitest";
import { type Room, boxesIn, linksIn, outlineOf } from "../graph/outline";
import { type Change, compare, countOf, isOnlyMoved, pathOf } from "./compare";
import { unionOf } from "./union";

const node = (id: string, more: object = {}) => ({ id, type: "noop", ...more });
const change = (change: Change["change"], what: Change["what"], id: string, path: string, before: unknown = null, after: unknown = null): Change => ({ change, what, id, path, before, after });

function outline(nodes: object[], edges: object[] = []): Room {
  return outlineOf(JSON.parse(JSON.stringify({ name: "a", nodes, edges })));
}

const marks = (room: Room) => [...boxesIn(room)].map(({ path, mark }) => [path, mark?.is ?? "same"]);
const links = (room: Room) => [...linksIn(room)].map(({ from, to, mark }) => `${from} ${to} ${mark ?? "same"}`);

test("changes of one node are one, and each says its field", () => {
  const found = compare(
    [
      change("changed", "node", "a", "nodes[a].config.url", "x", "y"),
      change("added", "node", "a", "nodes[a].retry", null, { max: 2 }),
      change("changed", "edge", "a -> b", "edges[a -> b].when", "x", "y"),
      change("changed", "workflow", "", "settings.timeout", "1s", "2s"),
    ],
    outline([node("a"), node("b")]),
    outline([node("a"), node("b")]),
  );
  expect(found.nodes.map(({ is, path, fields }) => [is, path, fields.map(({ field }) => field)])).toEqual([["changed", "a", ["config.url", "retry"]]]);
  expect([found.edges.map(({ is, id }) => [is, id]), found.workflow.map(({ field }) => field), countOf(found)]).toEqual([[["changed", "a -> b"]], ["settings.timeout"], 3]);
});

test("nodes in bodies are found in their boxes", () => {
  const each = outline([node("each", { type: "for_each", config: { body: { nodes: [node("guard", { type: "try", config: { body: { nodes: [node("ship")] }, catch: [{ body: { nodes: [node("tell")] } }] } })] } } }), node("fan", { config: { branches: { left: { nodes: [node("a")] } } } })]); // prettier-ignore
  expect(pathOf(each, "nodes[each].config.body.nodes[guard].config.body.nodes[ship]")).toBe("each[]/guard.body/ship");
  expect(pathOf(each, "nodes[each].config.body.nodes[guard].config.catch[0].body.nodes[tell]")).toBe("each[]/guard.catch[0]/tell");
  expect(pathOf(each, "nodes[fan].config.branches.left.nodes[a]")).toBe("fan.left/a");
  expect([pathOf(each, "nodes[nobody]"), pathOf(each, "settings.on_error.nodes[a]")]).toEqual([null, null]);
});

test("what only moved is told apart from what changed", () => {
  const moved = compare([change("changed", "node", "a", "nodes[a].position.x", 1, 2), change("added", "node", "b", "nodes[b].position", null, { x: 1, y: 1 })], null, outline([node("a"), node("b")]));
  expect([moved.nodes.map(({ is }) => is), countOf(moved), isOnlyMoved(moved)]).toEqual([["moved", "moved"], 0, true]);
  const both = compare([change("changed", "node", "a", "nodes[a].position.x", 1, 2), change("changed", "node", "a", "nodes[a].config.position.x", 1, 2)], null, outline([node("a")]));
  expect([both.nodes.map(({ is }) => is), countOf(both)]).toEqual([["changed"], 1]);
});

test("a node that is called otherwise is renamed, and its edges are not told", () => {
  const before = outline([node("a"), node("old"), node("b")], [{ from: "a", to: "old" }, { from: "old.done", to: "b" }]);
  const after = outline([node("a"), node("new"), node("b")], [{ from: "a", to: "new" }, { from: "new.done", to: "b" }]);
  const changes = [
    change("removed", "node", "old", "nodes[old]", node("old")),
    change("added", "node", "new", "nodes[new]", null, node("new", { position: { x: 1, y: 2 } })),
    change("removed", "edge", "a -> old", "edges[a -> old]", { from: "a", to: "old" }),
    change("removed", "edge", "old.done -> b", "edges[old.done -> b]", { from: "old.done", to: "b" }),
    change("added", "edge", "a -> new", "edges[a -> new]", null, { from: "a", to: "new" }),
    change("added", "edge", "new.done -> b", "edges[new.done -> b]", null, { from: "new.done", to: "b" }),
  ];
  const found = compare(changes, before, after);
  expect([found.nodes.map(({ is, id, from }) => [is, id, from]), found.edges]).toEqual([[["renamed", "new", "old"]], []]);
  const united = unionOf(before, after, found);
  expect([marks(united), links(united)]).toEqual([[["a", "same"], ["new", "renamed"], ["b", "same"]], ["a new same", "new b same"]]); // prettier-ignore
});

test("a container that is called otherwise keeps what is in it", () => {
  const loop = (id: string) => node(id, { type: "for_each", config: { body: { nodes: [node("x"), node("y")], edges: [{ from: "x", to: "y" }] } } });
  const found = compare([change("removed", "node", "old", "nodes[old]", loop("old")), change("added", "node", "new", "nodes[new]", null, loop("new"))], outline([loop("old")]), outline([loop("new")]));
  const united = unionOf(outline([loop("old")]), outline([loop("new")]), found);
  expect([marks(united), links(united)]).toEqual([[["new", "renamed"], ["new[]/x", "same"], ["new[]/y", "same"]], ["new[]/x new[]/y same"]]); // prettier-ignore
});

test("of two that could be it, none is renamed", () => {
  const changes = [change("removed", "node", "a", "nodes[a]", node("a")), change("removed", "node", "b", "nodes[b]", node("b")), change("added", "node", "c", "nodes[c]", null, node("c"))];
  expect(compare(changes, outline([node("a"), node("b")]), outline([node("c")])).nodes.map(({ is }) => is)).toEqual(["removed", "removed", "added"]);
});

test("both are one picture: what went stands where it was, with its edges, and containers take along what is in them", () => {
  const loop = (id: string, ...inner: string[]) => node(id, { type: "for_each", config: { body: { nodes: inner.map((one) => node(one)) } } });
  const before = outline([node("a"), node("b"), loop("gone", "x"), loop("each", "y", "z")], [{ from: "a", to: "b" }, { from: "b", to: "gone" }]);
  const after = outline([node("a", { position: { x: 0, y: 0 } }), loop("each", "y", "new"), loop("came", "w")], [{ from: "a", to: "each" }]);
  const changes = [
    change("removed", "node", "b", "nodes[b]", node("b", { type: "log" })), change("removed", "node", "gone", "nodes[gone]", loop("gone", "x")), change("added", "node", "came", "nodes[came]", null, loop("came", "w")),
    change("removed", "node", "z", "nodes[each].config.body.nodes[z]", node("z", { type: "log" })), change("added", "node", "new", "nodes[each].config.body.nodes[new]", null, node("new")),
  ]; // prettier-ignore
  const united = unionOf(before, after, compare(changes, before, after));
  expect(marks(united)).toEqual([
    ["a", "same"], ["b", "removed"], ["gone", "removed"], ["gone[]/x", "removed"], ["each", "same"], ["each[]/y", "same"], ["each[]/z", "removed"], ["each[]/new", "added"], ["came", "added"], ["came[]/w", "added"],
  ]); // prettier-ignore
  expect(links(united)).toEqual(["a each added", "a b removed", "b gone removed"]);
  expect([...boxesIn(united)].every(({ position }) => position === null)).toBe(true);
});
