import type { Failed } from "../../bundle/bundle_info.ts";
import {
  bundleLines,
  failureEvent,
  failuresDirectory,
  noBundleText,
  runFacts,
} from "../../bundle/failures.ts";
import { writeAtExit } from "../../bundle/write_at_exit.ts";
import type { Verdict } from "../../record/verdict.ts";
import type { LabCore } from "../model/lab.ts";
import { verdictOf } from "./verdict.ts";

export { scratchDirectory } from "../../bundle/failures.ts";

/** A lab whose record is kept if the script fails. */
export interface WatchedLab {
  core: LabCore;
  /** The directory of its run. */
  run: string;
  /** The directory that is removed at the end; undefined if the user named one for the run. */
  scratch: string | undefined;
  close(): Promise<void>;
}

/** A closed lab, or one that is being closed, gets so long. */
const CLOSE_MS = 30_000;

/** The labs whose records are kept if the script fails. */
const watched: Set<WatchedLab> = new Set();
/** The errors that are thrown again: they were told. */
const told: WeakSet<Error> = new WeakSet();
let isWatching = false;
let isFailing = false;

/** Keeps the record of a lab if the script fails, and removes it if the script ends well. */
export function watchScript(lab: WatchedLab): void {
  // The script has gone on: what was closed before did not make it fail.
  for (const other of [...watched]) if (other.core.closed && !isFailing) forget(other);
  watched.add(lab);
  if (isWatching) return;
  isWatching = true;
  addEventListener("unhandledrejection", (event) => {
    caught(event, event.reason, (error) => void Promise.reject(error));
  });
  addEventListener("error", (event) => {
    caught(event, event.error, (error) =>
      queueMicrotask(() => {
        throw error;
      }));
  });
  addEventListener("beforeunload", ended);
  addEventListener("unload", exited);
}

/** An error that nobody caught: the process ends by it when the records are written. */
function caught(event: Event, thrown: unknown, rethrow: (error: unknown) => void): void {
  if (event.defaultPrevented || watched.size === 0 || isFailing) return;
  if (thrown instanceof Error && told.has(thrown)) return;
  isFailing = true;
  event.preventDefault();
  void keepAll(thrown).then((lines) => {
    say(lines);
    if (thrown instanceof Error) told.add(thrown);
    rethrow(thrown);
  });
}

/** The script has come to its end. */
function ended(event: Event): void {
  if (watched.size === 0 || isFailing || !Deno.exitCode) return;
  isFailing = true;
  event.preventDefault();
  void keepAll(exitError()).then(say);
}

const exitError = () => new Error(`the script ended with exit code ${Deno.exitCode}`);

/** The process exits: by `Deno.exit()`, or since all is done. */
function exited(): void {
  for (const lab of [...watched]) {
    try {
      if (Deno.exitCode && !isFailing) say(keepAtExit(lab, exitError()));
    } finally {
      forget(lab);
    }
  }
}

/** Writes the records of all labs, and returns lines that say where they are. Never rejects. */
async function keepAll(thrown: unknown): Promise<string[]> {
  const lines: string[] = [];
  const labs = [...watched];
  // At once, before the script goes on.
  for (const { core } of labs) note(core, thrown);
  for (const lab of labs) {
    try {
      lines.push(...await keep(lab, thrown));
    } catch (cause) {
      lines.push(noBundleText(cause));
    }
    forget(lab);
  }
  isFailing = false;
  return lines;
}

async function keep(lab: WatchedLab, error: unknown): Promise<string[]> {
  const facts = factsOf(lab);
  await lab.core.recording?.failed(error);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CLOSE_MS);
  await Promise.race([lab.close().catch(() => {}), promise]);
  clearTimeout(timer);
  // A script that ends well needs no drawings.
  const { writeBundle } = await import("../../bundle/write_bundle.ts");
  const bundle = await writeBundle(failuresDirectory(), { ...facts, error });
  return bundleLines(bundle, facts.failed);
}

function keepAtExit(lab: WatchedLab, error: Error): string[] {
  try {
    const { core, run } = lab;
    const facts = factsOf(lab);
    if (!core.closed) {
      note(core, error);
      // Those that were emitted last are not written yet.
      const events = core.bus.history.map((event) => `${JSON.stringify(event)}\n`);
      Deno.removeSync(`${run}/events.jsonl`);
      Deno.writeTextFileSync(`${run}/events.jsonl`, events.join(""));
    }
    const { name, message } = error;
    const described = { name, message, stack: `${name}: ${message}`, source: null, causes: [] };
    const bundle = writeAtExit(failuresDirectory(), { ...facts, described, facts: runFacts() });
    return bundleLines(bundle, facts.failed);
  } catch (cause) {
    return [noBundleText(cause)];
  }
}

function factsOf({ core, run }: WatchedLab) {
  const { label, seed, links, recording } = core;
  const verdict: Verdict = verdictOf(core);
  const lastSeq = core.closed ? recording?.lastSeq : undefined;
  return { failed: script(), label, seed, linkEngine: links.kind ?? null, verdict, run, lastSeq };
}

/** The script, by its file. */
function script(): Failed {
  const { href, protocol, pathname } = new URL(Deno.mainModule);
  if (protocol !== "file:") return { kind: "script", name: href, file: null };
  const file = decodeURIComponent(pathname);
  return { kind: "script", name: file, file };
}

/** Marks the moment of the failure in the events of an open lab. */
function note(core: LabCore, error: unknown): void {
  if (core.closed) return;
  const message = error instanceof Error ? error.message : Deno.inspect(error);
  const name = failureEvent({ kind: "script" });
  try {
    core.bus.emit({ kind: "custom", node: null, name, data: { message } });
  } catch {
    // A listener of the script threw; the event is kept.
  }
}

/** Removes the record of a lab. */
function forget(lab: WatchedLab): void {
  watched.delete(lab);
  if (lab.scratch === undefined) return;
  try {
    Deno.removeSync(lab.scratch, { recursive: true });
  } catch {
    // Somebody else removed it.
  }
}

/** The standard error, also while the process exits. */
function say(lines: string[]): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`\n${lines.join("\n")}\n`));
}
