import { type AST, parseTOML } from "toml-eslint-parser";

/** A position in a text. */
export interface Position {
  /** From 1. */
  line: number;
}

/** Returns where each value of a TOML text begins, by its path as JSON: `["step","0","cmd"]`. */
export function positionsOf(text: string): Map<string, Position> {
  const found = new Map<string, Position>();
  const put = (path: readonly (string | number)[], node: AST.TOMLNode) => {
    const key = JSON.stringify(path.map(String));
    if (!found.has(key)) found.set(key, { line: node.loc.start.line });
  };
  const visitPair = (base: readonly (string | number)[], pair: AST.TOMLKeyValue) => {
    let path = base;
    for (const key of pair.key.keys) {
      path = [...path, nameOf(key)];
      put(path, key);
    }
    visit(path, pair.value);
  };
  const visit = (path: readonly (string | number)[], node: AST.TOMLContentNode) => {
    if (node.type === "TOMLInlineTable") {
      for (const pair of node.body) visitPair(path, pair);
    } else if (node.type === "TOMLArray") {
      node.elements.forEach((element, i) => {
        put([...path, i], element);
        visit([...path, i], element);
      });
    }
  };
  for (const node of parseTOML(text).body[0].body) {
    if (node.type === "TOMLKeyValue") {
      visitPair([], node);
      continue;
    }
    const table = node.resolvedKey;
    for (let length = 1; length <= table.length; length++) put(table.slice(0, length), node);
    for (const pair of node.body) visitPair(table, pair);
  }
  return found;
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}
