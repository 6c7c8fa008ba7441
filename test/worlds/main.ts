// Inside the namespaces that `run.ts` makes: plays worlds, and says what it saw.

import { runSeed } from "../model/random.ts";
import { playMany, summary } from "./many.ts";

const [count, first] = [Number(Deno.args[0] ?? 200), Number(Deno.args[1] ?? 0)];
const seed = runSeed();
console.log(`SEED=${seed}, ${count} worlds`);
const results = await playMany({ seed, count, first }, (line) => console.log(line));
console.log(summary(results));
Deno.exit(results.failures.length > 0 ? 1 : 0);
