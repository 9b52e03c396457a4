/** What is to be called by a word of TypeScript. */
export interface Named {
  kind: string;
  name: string;
}

/** No names for variables in a module (ECMA-262, section 12.7.2). */
const RESERVED = new Set(
  ("arguments await break case catch class const continue debugger default delete do else enum eval " +
    "export extends false finally for function if implements import in instanceof interface let new " +
    "null package private protected public return static super switch this throw true try typeof " +
    "undefined var void while with yield").split(" "),
);

/**
 * A word for each, in their order: the name, without hyphens (`my-nas` is `myNas`), and with its kind
 * behind it (`processDevice`) where the word is taken.
 *
 * @param taken Whether a word means something else already.
 */
export function identifiersFor(
  all: readonly Named[],
  taken: (word: string) => boolean = () => false,
): string[] {
  const used = new Set<string>();
  const free = (word: string) => !RESERVED.has(word) && !used.has(word) && !taken(word);
  return all.map(({ kind, name }) => {
    const plain = name.replace(/-+(.?)/g, (_, letter: string) => letter.toUpperCase())
      .replace(/^(?=\d)/, "_");
    const longer = plain + kind[0].toUpperCase() + kind.slice(1);
    let word = free(plain) ? plain : longer;
    for (let n = 2; !free(word); n++) word = `${longer}${n}`;
    used.add(word);
    return word;
  });
}
