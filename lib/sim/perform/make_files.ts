import { resolve } from "node:path";
import { writeAtomically } from "../../files/atomic.ts";
import { selfSigned } from "./certificate.ts";
import { fillIn } from "./fill_in.ts";
import type { Limit } from "../values/limit.ts";
import { nodeNamed } from "./nodes.ts";
import type { RunState } from "./run_state.ts";
import type { GenCertsStep, GenFileStep } from "../types/types.ts";

/** No other user may read a key. */
const KEY_MODE = 0o600;

/**
 * Makes a certificate for the addresses of the step's device and the names of `san`; with neither, for
 * its common name.
 */
export async function generateCertificate(
  run: RunState,
  step: GenCertsStep,
  limit: Limit,
): Promise<void> {
  const node = step.device === undefined ? undefined : nodeNamed(run.lab, step.device);
  const addresses = node?.interfaces.flatMap(({ ip, ip6 }) => [ip, ip6]) ?? [];
  const names = new Set(addresses.filter((ip) => ip !== undefined));
  for (const name of step.san ?? []) names.add(await fillIn(run, name, limit));
  if (names.size === 0) names.add(step.cn);
  const { certificate, key } = await selfSigned(step.cn, [...names]);
  const directory = resolve(run.context.directory, "certs", step.id);
  await Deno.mkdir(directory, { recursive: true });
  await writeAtomically(`${directory}/key.pem`, key, KEY_MODE);
  await writeAtomically(`${directory}/cert.pem`, certificate);
  captureFile(run, `${step.id}.key_pem_path`, `${directory}/key.pem`);
  captureFile(run, `${step.id}.cert_pem_path`, `${directory}/cert.pem`);
}

/** Writes a file, with the references of its content filled in. */
export async function generateFile(
  run: RunState,
  step: GenFileStep,
  limit: Limit,
): Promise<void> {
  const content = await fillIn(run, step.content, limit);
  const directory = resolve(run.context.directory, "files", step.id);
  await Deno.mkdir(directory, { recursive: true });
  await writeAtomically(`${directory}/content`, content);
  captureFile(run, `${step.id}.path`, `${directory}/content`);
}

function captureFile(run: RunState, key: string, path: string): void {
  run.files.set(key, path);
  run.captures.set(key, path);
}
