/** Where something is written in a TOML file. */
export interface Origin {
  /** The file and the line: `sims/a.toml:12`. */
  where: string;
  /** The directory of that file, which relative paths in it may be relative to. */
  directory: string;
}
