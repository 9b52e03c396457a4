import { EmbeddedSource } from "./embedded_source.ts";
import { HttpSource } from "./http_source.ts";
import type { Source } from "./source.ts";

/** The source of a page: the data in it, if it has any, else its server. */
export async function openSource(document: Document): Promise<Source> {
  const data = document.getElementById("netyard-data")?.textContent?.trim() ?? "";
  return data === "" ? new HttpSource() : await EmbeddedSource.open(data);
}
