import { resolve } from "node:path";
import type { Lab } from "../../lab/lab.ts";
import type { Capture } from "../../node/capture/capture.ts";
import type { CaptureOptions } from "../../node/capture/capture_options.ts";
import type { CaptureSource } from "../values/captures.ts";
import { bridgeNamed, interfaceOf, isVm, nodeNamed } from "./nodes.ts";
import type { ProgramEnd } from "../values/step_error.ts";
import type { CaptureStep } from "../types/types.ts";

/** The packet capture of a `capture` step, written to a file as packets arrive. */
export class PacketCapture implements CaptureSource {
  readonly step: CaptureStep;
  /** Resolves, never rejects, when it has ended and the file is complete. */
  readonly finished: Promise<void>;
  isAwaited = false;
  #capture: Capture;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  #warnings: string[] = [];

  private constructor(
    step: CaptureStep,
    capture: Capture,
    file: Deno.FsFile,
    ended: (packets: number) => void,
  ) {
    this.step = step;
    this.#capture = capture;
    if (step.durationMs !== undefined) {
      this.#timer = setTimeout(() => void this.stop(), step.durationMs);
    }
    this.finished = this.#write(file).then(() => ended(capture.packetCount));
  }

  /**
   * Starts a capture; resolves when it sees all packets.
   *
   * @param directory The simulation's directory; see {@link packetCapturePath}.
   * @param ended Called with the number of packets at the end.
   */
  static async start(
    lab: Lab,
    step: CaptureStep,
    directory: string,
    ended: (packets: number) => void,
  ): Promise<PacketCapture> {
    await Deno.mkdir(resolve(directory, "captures"), { recursive: true });
    const path = resolve(directory, packetCapturePath(step));
    const file = await Deno.open(path, { write: true, create: true, truncate: true });
    try {
      return new PacketCapture(step, await startCapture(lab, step), file, ended);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Problems that did not fail the step. */
  get warnings(): string[] {
    const { dropped } = this.#capture;
    const lost = dropped > 0
      ? [`step "${this.step.id}": the kernel dropped ${dropped} packets`]
      : [];
    return [...this.#warnings, ...lost];
  }

  state(): string {
    return this.#isOver ? "ended" : "still runs";
  }

  lastLines(): string[] {
    return [];
  }

  programEnd(): ProgramEnd {
    return {};
  }

  /** Ends the capture; the file then has all packets until now. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#capture.close();
    await this.finished;
  }

  async #write(file: Deno.FsFile): Promise<void> {
    try {
      await this.#capture.bytes.pipeTo(file.writable);
    } catch (error) {
      this.#warnings.push(`step "${this.step.id}": ${(error as Error).message}`);
    }
    clearTimeout(this.#timer);
    this.#isOver = true;
  }
}

/** Returns the path of a step's packets, relative to the simulation's directory. */
export function packetCapturePath(step: CaptureStep): string {
  return `captures/${step.id}.pcap`;
}

async function startCapture(lab: Lab, step: CaptureStep): Promise<Capture> {
  const options: CaptureOptions = step.filter === undefined ? {} : { filter: step.filter };
  if (step.bridge !== undefined) return await bridgeNamed(lab, step.bridge).capture(options);
  const node = nodeNamed(lab, step.device!);
  if (!isVm(node)) return await node.capture(step.interface, options);
  return await node.nic(interfaceOf(node, step.interface).name).capture(options);
}
