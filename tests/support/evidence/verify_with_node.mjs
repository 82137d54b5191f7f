// Runs the script of verify.html over files, without a browser: node verify_with_node.mjs PAGE [--keys FILE] FILE...
// prints a line for each file: the result as JSON, or {"error": ...} where the page would say that it cannot verify.
import { openAsBlob, readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const [page, ...rest] = process.argv.slice(2);
const hasKeys = rest[0] === "--keys";
const keys = hasKeys ? readFileSync(rest[1], "utf8") : "";
const [, script] = /<script>([^]*)<\/script>/.exec(readFileSync(page, "utf8"));
runInThisContext(script, page);
for (const path of hasKeys ? rest.slice(2) : rest) {
  let line;
  try {
    line = (await globalThis.numberingVerifier.verifyFile(await openAsBlob(path), keys)).result;
  } catch (error) {
    if (!(error instanceof globalThis.numberingVerifier.Unable)) throw error;
    line = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
