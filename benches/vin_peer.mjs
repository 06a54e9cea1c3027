// @cardog/corgi as the peer of `cargo bench --bench vin`: reads VINs, one a line, prints seconds and what it said of each.
//
// The answer is `{"seconds", "answers": [{"right", "years", "make", "model"}]}`: the median time of a round over all VINs. It
// looks the model up in a database of the makers' tables, which the other two do not.

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";

const require = createRequire(pathToFileURL(`${process.argv[2]}/`));
const { createDecoder } = require("@cardog/corgi");

const vins = readFileSync(0, "utf8").split("\n").filter(Boolean);
const decoder = await createDecoder();
const rounds = [];
let answers = [];
for (let round = 0; round < 3; round += 1) {
  const started = performance.now();
  answers = [];
  for (const vin of vins) {
    const { components } = await decoder.decode(vin);
    answers.push({
      right: components?.checkDigit?.isValid ?? null,
      years: [components?.vehicle?.year ?? components?.modelYear?.year ?? null],
      make: components?.vehicle?.make ?? components?.wmi?.make ?? null,
      model: components?.vehicle?.model ?? null,
    });
  }
  rounds.push((performance.now() - started) / 1000);
}
await decoder.close();
process.stdout.write(JSON.stringify({ seconds: rounds.sort((a, b) => a - b)[1], answers }));
