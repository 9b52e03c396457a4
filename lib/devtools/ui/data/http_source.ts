import type { DissectAnswer, FilesAnswer, RunsAnswer } from "../../model/types.ts";
import { bytesOf } from "./base64.ts";
import type { FilePart, Follower, Source } from "./source.ts";

/** Runs that a server sends. */
export class HttpSource implements Source {
  readonly live = true;

  async runs(): Promise<RunsAnswer> {
    return await (await get("/api/runs")).json();
  }

  async files(run: string): Promise<FilesAnswer> {
    return await (await get(`/api/files?${new URLSearchParams({ run })}`)).json();
  }

  async read(
    run: string,
    path: string,
    from: number,
    most?: number,
  ): Promise<FilePart | undefined> {
    const response = await fetch(`/api/file?${new URLSearchParams({ run, path })}`, {
      headers: { range: `bytes=${from}-${most === undefined ? "" : from + most - 1}` },
    });
    if (response.status === 404) return undefined;
    const range = response.headers.get("content-range") ?? "";
    const size = Number(/\/(\d+)$/.exec(range)?.[1] ?? 0);
    if (response.status === 416) return { bytes: new Uint8Array(), from, size };
    if (!response.ok) throw new Error((await response.text()).trim());
    return { bytes: new Uint8Array(await response.arrayBuffer()), from, size };
  }

  async dissect(run: string, path: string, at: string): Promise<DissectAnswer> {
    return await (await get(`/api/tshark?${new URLSearchParams({ run, path, at })}`)).json();
  }

  follow(run: string, paths: string[], from: number[], follower: Follower): () => void {
    const search = new URLSearchParams({ run, from: from.join(",") });
    for (const path of paths) search.append("path", path);
    // It connects again by itself, with the ID of the last message.
    const events = new EventSource(`/api/follow?${search}`);
    const on = (name: string, act: (data: Message) => void) =>
      events.addEventListener(name, (event) => act(JSON.parse((event as MessageEvent).data)));
    events.onopen = () => follower.connected(true);
    events.onerror = () => follower.connected(false);
    on("data", ({ file, from, bytes }) => follower.data(file, bytesOf(bytes), from));
    on("restart", ({ file }) => follower.restart(file));
    on("files", (answer) => follower.files(answer));
    on("gone", () => {
      events.close();
      follower.gone();
    });
    return () => events.close();
  }
}

type Message = { file: number; from: number; bytes: string } & FilesAnswer;

async function get(address: string): Promise<Response> {
  const response = await fetch(address);
  if (!response.ok) throw new Error((await response.text()).trim());
  return response;
}
