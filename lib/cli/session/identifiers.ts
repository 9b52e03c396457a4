/** Something that gets a TypeScript identifier. */
export interface Named {
  kind: string;
  name: string;
}

/** Words that cannot name variables in a module (ECMA-262, section 12.7.2). */
const RESERVED = new Set(
  ("arguments await break case catch class const continue debugger default delete do else enum eval " +
    "export extends false finally for function if implements import in instanceof interface let new " +
    "null package private protected public return static super switch this throw true try typeof " +
    "undefined var void while with yield").split(" "),
);

/**
 * Returns an identifier for each item, in their order: the name in camel case (`my-nas` is `myNas`), with the
 * kind as a suffix (`processDevice`) if the word is taken.
 *
 * @param taken whether a word has another meaning already
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
