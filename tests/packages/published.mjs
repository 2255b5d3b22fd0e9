// SPDX-License-Identifier: Apache-2.0
// Reads {name: object} of Kubernetes' from standard input and writes {name: [complaint]}
// of those that the validators of the package kubernetes-models do not take.
import { text } from "node:stream/consumers";

const complaints = {};
for (const [name, { module, object }] of Object.entries(JSON.parse(await text(process.stdin)))) {
  const models = await import(module);
  try {
    new models[object.kind](object).validate();
  } catch (error) {
    complaints[name] = error.message.split("\n");
  }
}
console.log(JSON.stringify(complaints));
