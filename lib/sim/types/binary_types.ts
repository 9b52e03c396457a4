import type { Origin } from "../step/kind.ts";

/** How a program is provided. */
export type BinaryMode = "path" | "fetch" | "build" | "target" | "entrypoint" | "command";

/** `[[binary]]`: a program that steps use. */
export interface BinarySpec {
  /** The name by which steps use it: `${binary.NAME}`. */
  name: string;
  /** How it is provided. */
  mode: BinaryMode;
  /** path: the program, or the directory that it is built in; `target:NAME` is in cargo's target directory. command: the file that the command makes. */
  path?: string;
  /** fetch: the URL to download it from. */
  url?: string;
  /** fetch: the SHA-256 that the download must have, in hexadecimal digits. */
  sha256?: string;
  /** fetch: the file in an archive. Default: the file with the name of the binary, or the only executable one. */
  member?: string;
  /** build: the git repository. Default: the cargo workspace around the file. */
  repo?: string;
  /** build: the branch, tag or commit. Default `"main"`. */
  commit?: string;
  /** build, target: the cargo example. */
  example?: string;
  /** build, target: the cargo binary. */
  bin?: string;
  /** build: cargo's features. */
  features: string[];
  /** build: all of cargo's features. */
  allFeatures: boolean;
  /** entrypoint: a TypeScript module. */
  entrypoint?: string;
  /** entrypoint: the permissions that the program is compiled with, such as `--allow-net`. Default `-A`. */
  permissions?: string[];
  /** command: the build command, a line for sh(1) or a program and its arguments. */
  command?: string | string[];
  /** command: the files and directories that it is built from. Default: none, and it is built each time. */
  sources?: string[];
  /** Where the table is in the TOML file. */
  origin: Origin;
}

/** `[[prepare]]`: what cargo builds in the workspace before the simulations start. */
export interface PrepareSpec {
  /** Cargo examples. */
  examples: string[];
  /** Cargo binaries. */
  bins: string[];
  /** build: cargo's features. */
  features: string[];
  /** build: all of cargo's features. */
  allFeatures: boolean;
  /** Where the table is in the TOML file. */
  origin: Origin;
}
