// Runs a script in Node, and prints a line of JSON for each of its results.
//
//   node in_node.mjs rules.mjs [NAME]

import { unhandled } from "./world.mjs";

process.on("unhandledRejection", (error) => unhandled.push(error));
process.on("uncaughtException", (error) => unhandled.push(error));

const [script, ...options] = process.argv.slice(2);
const { run } = await import(`./${script}`);
for await (const result of run(...options)) console.log(JSON.stringify(result));

process.exit(); // the world's channel would keep the process alive
