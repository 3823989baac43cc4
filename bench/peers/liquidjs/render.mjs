// Renders a template again and again with liquidjs: parsed once, values escaped for HTML, in one process, after a
// warm-up, because node compiles what runs often. `node render.mjs FILE.json COUNT OUTPUT`, with the file of
// bench/render; prints one line of JSON with the CPU time of a rendering, and writes the last one to OUTPUT.
import { readFileSync, writeFileSync } from "node:fs";
import { Liquid } from "liquidjs";

const WARM_UP = 5000;
const [file, count, output] = process.argv.slice(2);
const { template, data } = JSON.parse(readFileSync(file, "utf8"));
// Days are days in UTC, as they are for bench/render.
const engine = new Liquid({ outputEscape: "escape", timezoneOffset: 0 });
const parsed = engine.parse(template);

let page = "";

function render(times) {
    for (let i = 0; i < times; i++) page = engine.renderSync(parsed, data);
}

render(WARM_UP);
const before = process.cpuUsage();
render(Number(count));
const { user, system } = process.cpuUsage(before);
writeFileSync(output, page);
console.log(JSON.stringify({ cpu_us: (user + system) / count }));
