/**
 * What a README holds that can be tried: its fenced blocks, and the tasks that its command lines
 * name. Nothing here does I/O.
 *
 * @module
 */

/** A fenced block of Markdown. */
export interface Block {
  /** The first word of the info string, in lower case: `ts` of "```ts ignore"; empty without one. */
  language: string;
  /** The words after it. */
  attributes: string[];
  /** What stands between the fences, without their indentation. */
  text: string;
  /** The number of the line of the opening fence. */
  line: number;
}

/**
 * The fenced blocks of a Markdown text, in their order (CommonMark 0.31, section 4.5). Other than
 * there, a fence may be indented by any width, as in lists.
 */
export function fencedBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let fence = "";
  let indent = 0;
  let open: (Block & { lines: string[] }) | undefined;
  const close = () => {
    if (!open) return;
    const { lines, ...block } = open;
    blocks.push({ ...block, text: lines.map((line) => line + "\n").join("") });
    open = undefined;
  };
  markdown.replace(/\r?\n$/, "").split(/\r?\n/).forEach((line, index) => {
    if (open) {
      const [, end] = /^\s*(`{3,}|~{3,})\s*$/.exec(line) ?? [];
      if (end?.[0] === fence[0] && end.length >= fence.length) return close();
      open.lines.push(line.replace(new RegExp(`^\\s{0,${indent}}`), ""));
      return;
    }
    // After backticks no backtick may follow: that is code within a line.
    const start = /^(\s*)(?:(`{3,})([^`]*)|(~{3,})(.*))$/.exec(line);
    if (!start) return;
    indent = start[1].length;
    fence = start[2] ?? start[4];
    const [language = "", ...attributes] = (start[3] ?? start[5]).trim().split(/\s+/);
    open = {
      language: language.toLowerCase(),
      attributes,
      text: "",
      line: index + 1,
      lines: [],
    };
  });
  close(); // An unclosed block ends with the text.
  return blocks;
}

/** The tasks that command lines run by `npx -y deno@2 task [options] NAME`. */
export function tasksOf(commands: string): string[] {
  const call = /(?:^|&&|\|\||;)\s*(?:\$ )?npx -y deno@2 task(?: +-\S+)* +([^\s;&|#-][^\s;&|]*)/gm;
  return [...commands.matchAll(call)].map(([, name]) => name);
}

/** The files that the links of a text lead to, as written, without fragments and addresses of the web. */
export function linksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link]) => link.split("#")[0])
    .filter((link) => link !== "" && !/^[a-z]+:/.test(link));
}
