import { linkLocalFromMac } from "../address/mod.ts";
import { EventBus, RunDirectory } from "../events/mod.ts";
import { requireLab } from "../host/probe.ts";
import { environmentVariable } from "../options/environment.ts";
import { InvalidOptionError, parseOptions } from "../options/parse_options.ts";
import {
  FAILURE_RECORD,
  ON_FAILURE,
  RECORD_VARIABLE,
  type ResolvedRecord,
  resolveRecord,
} from "../record/options.ts";
import { findRadvd } from "./autoconf/radvd.ts";
import { closeLab } from "./close.ts";
import { Core } from "./core.ts";
import { checkLinkEngine } from "./link/choose_engine.ts";
import type { LabAddresses } from "./model/addresses.ts";
import { drawSeed } from "./model/seed.ts";
import { newSegment } from "./model/segment.ts";
import { undoing } from "./model/undo.ts";
import { ETHERNET_MTU } from "./options/families.ts";
import { type LabOptions, labOptionsSchema, MAX_SEED } from "./options/options.ts";
import { recordingModule, scriptModule, telemetryModule } from "./recording/late.ts";
import { capturesModule } from "./recording/late_captures.ts";
import { configureLoopback } from "./wiring/addresses.ts";

/**
 * Creates the core of a lab: everything but its handles. Whatever the host or the process's
 * permissions lack is reported before anything is changed.
 */
export async function createCore(
  options: LabOptions,
  addresses?: LabAddresses,
): Promise<Core> {
  const {
    label = "lab",
    outDir = environmentVariable("NETYARD_OUTDIR"),
    seed = environmentSeed() ?? drawSeed(),
    linkEngine,
    ipv6,
    record: requested,
  } = parseOptions(labOptionsSchema, options, "Lab.create()");
  const onFailure = requested === ON_FAILURE;
  const environment = environmentVariable(RECORD_VARIABLE);
  const record = onFailure
    ? resolveRecord(FAILURE_RECORD, undefined, true)
    : resolveRecord(requested, environment, outDir !== undefined);
  requireLab();
  checkLinkEngine(linkEngine);
  if (ipv6?.advertiser === "radvd") findRadvd("Lab.create()");
  const script = onFailure ? await scriptModule.load() : undefined;
  const scratch = outDir === undefined ? await script?.scratchDirectory() : undefined;
  try {
    const [output] = await Promise.all([
      openOutDir(label, scratch === undefined ? outDir : { exact: `${scratch}/run` }),
      ...record.level === "off" ? [] : [recordingModule.load(), telemetryModule.load()],
      record.captures ? capturesModule.load() : undefined,
    ]);
    const core = await coreOf({ label, seed, linkEngine, ipv6 }, output, record, addresses);
    const close = () => closeLab(core);
    script?.watchScript({ core, run: output!.path, scratch, close });
    return core;
  } catch (error) {
    if (scratch !== undefined) await Deno.remove(scratch, { recursive: true }).catch(() => {});
    throw error;
  }
}

/** Makes a core with an IX, whose recording has begun. */
async function coreOf(
  { label, seed, linkEngine, ipv6 }: Pick<LabOptions, "linkEngine" | "ipv6"> & {
    label: string;
    seed: number;
  },
  output: RunDirectory | undefined,
  record: ResolvedRecord,
  addresses: LabAddresses | undefined,
): Promise<Core> {
  const bus = new EventBus();
  const core = new Core(label, seed, bus, output, linkEngine, ipv6, addresses);
  output?.attach(bus);
  try {
    addIx(core);
    bus.emit({ kind: "lab-created", label, seed });
    if (output && record.level !== "off") {
      core.recording = new (recordingModule().Recording)(core, output.path, record, core.watch);
      core.telemetry = telemetryModule().recordTelemetry(core, output.path);
    }
    return core;
  } catch (error) {
    // Nothing has been recorded yet that could be incomplete.
    await output?.close().catch(() => {});
    throw error;
  }
}

/** Opens the directory that keeps a lab's run; undefined for none. */
async function openOutDir(
  label: string,
  outDir: LabOptions["outDir"],
): Promise<RunDirectory | undefined> {
  if (outDir === undefined) return undefined;
  return typeof outDir === "string"
    ? await RunDirectory.create(outDir, label)
    : await RunDirectory.at(outDir.exact);
}

/** The seed that the environment names, if any. */
function environmentSeed(): number | undefined {
  const text = environmentVariable("NETYARD_SEED");
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed <= MAX_SEED) return seed;
  throw new InvalidOptionError(
    `Lab.create(): the environment variable NETYARD_SEED is ${JSON.stringify(text)}; it must be ` +
      `a whole number from 0 to ${MAX_SEED}`,
  );
}

/** Builds the IX, which every lab has. */
function addIx(core: Core): void {
  undoing((defer) => {
    const record = core.node("ix", "ix", defer);
    const { ix4, ix6 } = core.addresses;
    const mac = core.nextMac(defer);
    const gateway = { mac, linkLocal: linkLocalFromMac(mac), mtu: ETHERNET_MTU };
    core.ix = { record, segment: newSegment("exchange", record, gateway, ix4, ix6) };
    configureLoopback(core, record, [ix4.gateway, ix6.gateway]);
  });
}
