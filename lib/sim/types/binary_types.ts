import type { Origin } from "../step/kind.ts";

/** What a program is got by. */
export type BinaryMode = "path" | "fetch" | "build" | "target" | "entrypoint" | "command";

/** `[[binary]]`: a program that steps name. */
export interface BinarySpec {
  /** How steps name it. */
  name: string;
  /** How it is got. */
  mode: BinaryMode;
  /** path: the program, or the directory that it is built in; `target:NAME` is in cargo's target directory. command: what it makes. */
  path?: string;
  /** fetch: where to download it. */
  url?: string;
  /** fetch: what it must be, SHA-256 in hexadecimal digits. */
  sha256?: string;
  /** fetch: which file of an archive. Default: the one called as the binary, or the only one that is executable. */
  member?: string;
  /** build: the git repository. Default: the cargo workspace around the file. */
  repo?: string;
  /** build: its branch, tag or commit. Default `"main"`. */
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
  /** entrypoint: the permissions that it is compiled with, such as `--allow-net`. Default `-A`. */
  permissions?: string[];
  /** command: what builds it, a line for sh(1) or a program and its arguments. */
  command?: string | string[];
  /** command: files and directories that it is built from. Default: it is built each time. */
  sources?: string[];
  /** Where it is written. */
  origin: Origin;
}

/** `[[prepare]]`: what cargo builds in the workspace before anything starts. */
export interface PrepareSpec {
  /** Cargo examples. */
  examples: string[];
  /** Cargo binaries. */
  bins: string[];
  /** build: cargo's features. */
  features: string[];
  /** build: all of cargo's features. */
  allFeatures: boolean;
  /** Where it is written. */
  origin: Origin;
}
