// Lints the words of comments, messages and guides: prints each odd turn of phrase, and fails if there is one.
//
// Usage: deno run -R tests/tools/word_lint.ts [FILE...]
import { findingText, oddWords } from "../house/plain_words.ts";

/** The word list itself, and its test. */
const EXEMPT = /^tests\/house\/plain_words/;

const LINTED = /^(?:lib|native|examples|tests)\/.*\.(?:tsx?|md|toml)$|^(?:mod\.ts|README\.md)$/;

async function* filesIn(folder: string): AsyncIterable<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder || ".")) {
    if (name.startsWith(".")) continue;
    if (isDirectory) yield* filesIn(`${folder}${name}/`);
    if (isFile) yield folder + name;
  }
}

const files = Deno.args.length > 0 ? Deno.args : await Array.fromAsync(filesIn(""));
let count = 0;
for (const path of files.filter((path) => LINTED.test(path) && !EXEMPT.test(path)).sort()) {
  for (const finding of oddWords(path, await Deno.readTextFile(path))) {
    console.error(findingText(finding));
    count++;
  }
}
console.log(`words: ${count} findings`);
if (count > 0) Deno.exit(1);
