import type { EventKind, LabEvent } from "../../events/mod.ts";
import type { Captures } from "../../record/captures/captures.ts";
import type { Place } from "../../record/failure.ts";
import type { LoadWatch } from "../../record/load_watch.ts";
import type { ResolvedRecord } from "../../record/options.ts";
import { Recorder } from "../../record/recorder.ts";
import type { RunInfo } from "../../record/run_info.ts";
import type { LabCore, LabRecording } from "../model/lab.ts";
import type { NodeRecord } from "../model/records.ts";
import { capturesModule } from "./late_captures.ts";
import { capturePoints } from "./points.ts";
import { readNetwork } from "./reading.ts";

/** The fields of events that name nodes. */
const NODE_KEYS = ["name", "node", "router", "bridge", "member", "gateway"];
/** Events after which a namespace must be released. */
const GONE: ReadonlySet<EventKind> = new Set<EventKind>([
  "router-removed",
  "device-removed",
  "vm-removed",
  "bridge-removed",
  "link-engine-failed",
]);

/** The recording of a lab. Nothing that it does throws into the lab. */
export class Recording implements LabRecording {
  readonly environment: Record<string, string> = {};
  lastSeq: number | undefined;
  #core: LabCore;
  #recorder: Recorder;
  #captures: Captures | undefined;
  #captured: Promise<Error | undefined> | undefined;
  #isDiscarded = false;

  constructor(core: LabCore, directory: string, record: ResolvedRecord, watch: LoadWatch) {
    const { bus, label, seed, links } = core;
    this.#core = core;
    const captures = `${directory}/captures`;
    if (record.captures) {
      this.#captures = new (capturesModule().Captures)(captures, record.captures);
    }
    if (record.secrets) {
      Deno.mkdirSync(captures, { recursive: true });
      this.environment.SSLKEYLOGFILE = `${Deno.realPathSync(captures)}/keys.log`;
    }
    this.#recorder = new Recorder({
      directory,
      bus,
      about: { label, seed },
      record,
      watch,
      read: () => {
        this.#followAll();
        return readNetwork(core);
      },
      linkEngine: () => links.kind,
      beat: () => this.#captures?.tick(),
    });
    if (this.#captures) bus.listen((event) => this.#heard(event));
  }

  /** Captures new interfaces at once: those of the nodes that an event is about, and of their routers. */
  #heard(event: LabEvent): void {
    const { routers, devices, vms } = this.#core;
    for (const key of NODE_KEYS) {
      const name = (event as unknown as Record<string, unknown>)[key];
      if (typeof name !== "string") continue;
      const node = routers.get(name) ?? devices.get(name) ?? vms.get(name);
      if (!node) continue;
      this.#follow(node);
      for (const { segment } of node.interfaces.values()) this.#follow(segment.owner);
    }
    if (GONE.has(event.kind) || event.kind.startsWith("region-")) this.#followAll();
  }

  #follow(node: NodeRecord): void {
    if (this.#captured) return;
    const { namespace } = node.runtime;
    this.#captures?.follow(namespace, capturePoints(this.#core, node));
  }

  #followAll(): void {
    if (!this.#captures || this.#captured) return;
    const nodes = [...this.#core.allNodes()].filter(({ removed }) => !removed);
    this.#captures.retain(new Set(nodes.map(({ runtime }) => runtime.namespace)));
    for (const node of nodes) this.#follow(node);
  }

  about(test: RunInfo["test"]): void {
    this.#recorder.about(test);
  }

  failed(error: unknown, place?: Place): Promise<void> {
    return this.#recorder.failed(error, place);
  }

  discard(): void {
    this.#isDiscarded = true;
  }

  stop(): void {
    this.lastSeq ??= this.#core.bus.history.length - 1;
    this.#recorder.stop();
    // All that is in the sockets now is still written.
    this.#captured ??= this.#captures?.close(!this.#isDiscarded);
  }

  async close(): Promise<void> {
    const incomplete = await this.#captured;
    const error = await this.#recorder.close() ?? incomplete;
    if (error) throw error;
  }
}
