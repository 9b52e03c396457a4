import { findProgram } from "../../../native/process/process.ts";
import { CaptureReader, type Frame, writePcapng } from "../../packets/mod.ts";
import { readPdml } from "../model/packets/pdml.ts";
import type { DissectAnswer } from "../model/types.ts";
import { readPart } from "./read_bounded.ts";
import { openKeyLog, openRunFile } from "./run_files.ts";

/** How long tshark may take, and how much it may print. */
const TIMEOUT_MS = 15_000;
const MOST_OUTPUT = 4 << 20;

/** As many run at a time; others wait for their turn. */
const AT_ONCE = 2;

/** How much of a capture is looked through for a packet, and of a key log is used. */
const LARGEST_CAPTURE = 256 << 20;
const LARGEST_KEY_LOG = 4 << 20;
const CHUNK = 1 << 20;

/** A packet of a run. */
export interface PacketAt {
  /** The capture, one of `isCapture`. */
  path: string;
  seconds: number;
  nanos: number;
}

let running = 0;
const waiting: (() => void)[] = [];

/**
 * Asks tshark for the fields of one packet. It gets a file with this packet alone, and the secrets of the
 * run's TLS connections; nothing of the packet is part of a command.
 */
export async function dissect(directory: string, at: PacketAt): Promise<DissectAnswer> {
  const program = findProgram("tshark");
  if (!program) return failed("tshark is not installed on the host that serves this page");
  const frame = await findFrame(directory, at);
  if (!frame) return failed("the packet is not in its capture any more");
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    return await run(program, directory, frame);
  } catch (error) {
    return failed(`tshark could not be run: ${(error as Error).message}`);
  } finally {
    running--;
    waiting.shift()?.();
  }
}

async function run(program: string, directory: string, frame: Frame): Promise<DissectAnswer> {
  const folder = await Deno.makeTempDir({ prefix: "netyard-tshark-" });
  try {
    const { data, length, seconds, nanos } = frame;
    const { linkType } = frame.interface;
    await Deno.writeFile(
      `${folder}/packet.pcapng`,
      writePcapng({
        interfaces: [{ linkType }],
        frames: [{ interface: 0, seconds, nanos, data, length }],
      }),
    );
    const args = ["-n", "-r", `${folder}/packet.pcapng`, "-c", "1", "-T", "pdml"];
    using keys = await openKeyLog(directory);
    if (keys) {
      const bytes = await readPart(keys, 0, Math.min(keys.size, LARGEST_KEY_LOG));
      await Deno.writeFile(`${folder}/keys.log`, bytes, { mode: 0o600 });
      args.push("-o", `tls.keylog_file:${folder}/keys.log`);
    }
    const child = new Deno.Command(program, {
      args,
      cwd: folder,
      // Without the settings and plugins of the user who serves the page.
      clearEnv: true,
      env: { HOME: folder, PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).spawn();
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length <= MOST_OUTPUT) continue;
      child.kill("SIGKILL");
      break;
    }
    const { code, signal } = await child.status;
    if (signal !== null && text.length <= MOST_OUTPUT) {
      return failed(`tshark did not end within ${TIMEOUT_MS / 1000} s`);
    }
    const nodes = readPdml(text);
    return nodes.length > 0 ? { nodes, problem: null } : failed(`tshark failed with code ${code}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function findFrame(
  directory: string,
  { path, seconds, nanos }: PacketAt,
): Promise<Frame | undefined> {
  using open = await openRunFile(directory, path);
  if (!open) return undefined;
  const reader = new CaptureReader();
  const end = Math.min(open.size, LARGEST_CAPTURE);
  for (let from = 0; from < end; from += CHUNK) {
    const frames = reader.feed(await readPart(open, from, Math.min(CHUNK, end - from)));
    const found = frames.find((each) => each.seconds === seconds && each.nanos === nanos);
    if (found || reader.fault) return found;
  }
  return undefined;
}

function failed(problem: string): DissectAnswer {
  return { nodes: [], problem };
}
