import type { Host } from "../node/process/host.ts";
import { Endpoint } from "./endpoint.ts";
import type { EventLimits } from "./budget.ts";
import { eventName } from "./program_event.ts";
import { type EmitEvent, type EventReader, ProgramEvents } from "./program_events.ts";
import type { TelemetryRecord } from "./record.ts";
import type { InFlight } from "./request_body.ts";
import { TelemetryFile } from "./telemetry_file.ts";
import { ENDPOINT_IP, ENDPOINT_PORT, telemetryVariables, usesEndpoint } from "./variables.ts";

/** What the telemetry of a lab needs of it. */
export interface TelemetryOptions {
  /** The directory of the run. */
  directory: string;
  /** Emits a custom event; does not throw, also when the node or the lab is gone. */
  emit: EmitEvent;
  /** The lab's clock, as `EventStamp.elapsedMs`. */
  elapsedMs(): number;
  /** How many events programs may report. */
  limits?: EventLimits;
  /** The most bytes of `telemetry.jsonl`. */
  largestFile?: number;
}

/** The name of the event that reports that a node has no endpoint. */
export const UNAVAILABLE = "netyard.telemetry-unavailable";

/** The name of the event that reports that telemetry was not kept. */
export const TELEMETRY_DROPPED = "netyard.telemetry-dropped";

/** What the programs of one lab report: custom events from their output, and telemetry by OTLP/HTTP. */
export class Telemetry {
  readonly #options: TelemetryOptions;
  readonly #events: ProgramEvents;
  readonly #file: TelemetryFile;
  /** By node; undefined for one that cannot have an endpoint. */
  readonly #endpoints = new Map<string, Endpoint | undefined>();
  readonly #inFlight: InFlight = { bytes: 0 };
  #isFull = false;

  /** Opens nothing yet. */
  constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#events = new ProgramEvents(options.emit, options.limits);
    this.#file = new TelemetryFile(options.directory, options.largestFile);
  }

  /** Makes a reader for the events in one stream of a program. */
  reader(node: string): EventReader {
    return this.#events.reader(node);
  }

  /**
   * The variables for a program that is about to start in a node. Starts the endpoint of the node if
   * the program will use it.
   *
   * @param given what the program has otherwise, by the name of a variable
   */
  variables(host: Host, given: (name: string) => string | undefined): Record<string, string> {
    const variables = telemetryVariables(host.name, given);
    if (!usesEndpoint(variables)) return variables;
    return this.#endpoint(host) ? variables : {};
  }

  /** Stops the endpoint of a node, whose programs have ended. */
  async closeNode({ id }: Host): Promise<void> {
    const endpoint = this.#endpoints.get(id);
    this.#endpoints.delete(id);
    await endpoint?.close();
  }

  /**
   * Completes the record.
   *
   * @throws {RunDirectoryError} a part of it could not be written
   */
  async close(): Promise<void> {
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint?.close()));
    this.#events.close();
    const error = await this.#file.close();
    if (error) throw error;
  }

  #endpoint(host: Host): Endpoint | undefined {
    if (!this.#endpoints.has(host.id)) this.#endpoints.set(host.id, this.#start(host));
    return this.#endpoints.get(host.id);
  }

  #start(host: Host): Endpoint | undefined {
    const address = `${ENDPOINT_IP}:${ENDPOINT_PORT}`;
    try {
      const { state } = Deno.permissions.querySync({ name: "net", host: address });
      if (state !== "granted") throw new Error(`needs --allow-net=${address}`);
      return new Endpoint(host, {
        receipt: () => this.#receipt(host.name),
        keep: (records) => this.#keep(host.name, records),
        inFlight: this.#inFlight,
      });
    } catch (error) {
      const { message } = error as Error;
      this.#options.emit(host.name, UNAVAILABLE, { address, error: message });
      return undefined;
    }
  }

  #receipt(node: string) {
    const nowMs = this.#options.elapsedMs();
    const unixMs = wallClock();
    return { node, nowMs, toElapsedMs: (at: number) => nowMs - (unixMs - at) };
  }

  async #keep(node: string, records: TelemetryRecord[]): Promise<number> {
    for (const record of records) {
      const name = record.type === "log" && record.eventName && eventName(record.eventName);
      if (!name) continue;
      const { attributes } = record;
      this.#events.report(node, name, attributes, JSON.stringify(attributes).length);
    }
    const kept = await this.#file.append(records);
    if (kept < records.length && !this.#isFull) {
      this.#isFull = true;
      this.#options.emit(null, TELEMETRY_DROPPED, { limit: "size of telemetry.jsonl" });
    }
    return kept;
  }
}

/** How far the two clocks of this process may differ before the system's time must have been set. */
const CLOCKS_AGREE_MS = 2;

/** The wall clock in milliseconds, with microseconds where they are known. */
function wallClock(): number {
  const precise = performance.timeOrigin + performance.now();
  const coarse = Date.now();
  return Math.abs(precise - coarse) <= CLOCKS_AGREE_MS ? precise : coarse;
}
