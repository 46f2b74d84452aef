/** The words of why a text is not changed. */

import { speak } from "../../words/speak";

export const cannot = speak("splice", {
  broken: "the text is broken: {why}",
  noItem: "there is no item {at}; the list has {n, number}",
  noItemYet: "there is no item {at}; the list is empty",
  noKey: "there is no {key} there any more",
  noMap: "{path} is no map; change it in the text",
  noNode: 'there is no node "{id}" there',
  noEdge: "there is no such edge",
  noBody: "there is no body {path} any more",
  gone: "{path} is not there any more",
  itGone: "it is not there any more",
  edgeGone: "this edge is not there any more",
  taken: "there is a {key} already",
  whole: "the whole text is not taken out",
  list: "the list is written in a way that is changed in the text alone",
  alias: "the list is an alias; change it in the text",
  aliases: "too many aliases stand for it; change it in the text",
  item: "an item without a value is changed in the text alone",
  colon: "a key without `:` is changed in the text alone",
  itself: "a node cannot be put into itself",
  clipboard: "what is on the clipboard is no node: it needs `id` and `type`",
  named: '"{id}" is named in a body that has a node "{to}" of its own',
  noId: '"{id}" is no id: small letters, digits and _ after a letter, at most 63',
  reserved: '"{id}" means something in expressions',
  takenId: 'there is a node "{id}" already',
  noPort: "{node} has no port {port}",
  elsewhere: "{node} is in another body: an edge stays within its own",
  leads: "{from} leads to {to} already",
  start: "{node} is where it starts: nothing leads to it",
});
