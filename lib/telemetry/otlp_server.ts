import { OtlpFormatError } from "./otlp_fields.ts";
import { convert, type Converted, type Signal } from "./otlp_records.ts";
import type { Receipt } from "./otlp_source.ts";
import type { TelemetryRecord } from "./record.ts";
import { type InFlight, readBody, RequestError } from "./request_body.ts";

/** What a server needs to answer a request. */
export interface OtlpServices {
  /** The node and the time, for records. */
  receipt(): Receipt;
  /** Keeps the first of these records, and returns how many. */
  keep(records: TelemetryRecord[]): Promise<number>;
  /** Shared by all nodes of a lab. */
  inFlight: InFlight;
}

const PATHS: Record<string, Signal> = {
  "/v1/traces": "traces",
  "/v1/logs": "logs",
  "/v1/metrics": "metrics",
};

/** The member of a partial success that has the number of rejected items. */
const REJECTED: Record<Signal, string> = {
  traces: "rejectedSpans",
  logs: "rejectedLogRecords",
  metrics: "rejectedDataPoints",
};

/** The two encodings of OTLP/HTTP. */
interface Encoding {
  contentType: string;
  decode(signal: Signal, body: Uint8Array): unknown;
  answer(signal: Signal, rejected: number, why: string): BodyInit;
  status(message: string): BodyInit;
}

const JSON_ENCODING: Encoding = {
  contentType: "application/json",
  decode(_signal, body) {
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    } catch (cause) {
      throw new OtlpFormatError(`invalid JSON: ${(cause as Error).message.slice(0, 200)}`);
    }
  },
  answer: (signal, rejected, errorMessage) =>
    JSON.stringify(
      rejected > 0 ? { partialSuccess: { [REJECTED[signal]]: `${rejected}`, errorMessage } } : {},
    ),
  status: (message) => JSON.stringify({ message }),
};

/** Loaded with the first request that uses it. */
async function protobufEncoding(): Promise<Encoding> {
  const { decodeRequest, encodeAnswer, encodeStatus } = await import("./otlp_protobuf.ts");
  return {
    contentType: "application/x-protobuf",
    decode: decodeRequest,
    answer: (_signal, rejected, why) => encodeAnswer(rejected, why),
    status: encodeStatus,
  };
}

/**
 * Answers a request of OTLP/HTTP as its specification says: 200 with what was rejected, 400 for what is
 * no message, and others for what it cannot read.
 *
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export async function answerOtlp(request: Request, services: OtlpServices): Promise<Response> {
  const { contentType, answer, decode, status } = await encodingOf(request);
  const respond = (body: BodyInit, init: ResponseInit = {}) =>
    new Response(body, { ...init, headers: { ...init.headers, "content-type": contentType } });
  try {
    const signal = signalOf(request);
    const receipt = services.receipt();
    const body = await readBody(request, services.inFlight);
    const { records, rejected, why } = convertBody(() => decode(signal, body), signal, receipt);
    const lost = records.length - await services.keep(records);
    const reason = lost > 0 ? "the lab keeps no more telemetry" : why;
    return respond(answer(signal, rejected + lost, reason));
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    await request.body?.cancel().catch(() => {});
    const headers: Record<string, string> = error.status === 405
      ? { allow: "POST" }
      : error.status === 503
      ? { "retry-after": "1" }
      : {};
    return respond(status(error.message), { status: error.status, headers });
  }
}

async function encodingOf(request: Request): Promise<Encoding> {
  const type = request.headers.get("content-type")?.split(";")[0].trim().toLowerCase();
  return type === "application/x-protobuf" ? await protobufEncoding() : JSON_ENCODING;
}

function signalOf(request: Request): Signal {
  const { pathname } = new URL(request.url);
  if (!Object.hasOwn(PATHS, pathname)) {
    throw new RequestError(404, `there is no ${pathname}; there are ${Object.keys(PATHS)}`);
  }
  if (request.method !== "POST") throw new RequestError(405, "use POST");
  const type = request.headers.get("content-type")?.split(";")[0].trim().toLowerCase();
  if (type !== "application/json" && type !== "application/x-protobuf") {
    throw new RequestError(415, "use application/json or application/x-protobuf");
  }
  return PATHS[pathname];
}

function convertBody(decode: () => unknown, signal: Signal, receipt: Receipt): Converted {
  try {
    return convert(signal, decode(), receipt);
  } catch (error) {
    if (!(error instanceof OtlpFormatError)) throw error;
    throw new RequestError(400, error.message);
  }
}
