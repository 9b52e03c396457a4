import { createHash } from "node:crypto";
import { PAGE } from "../page/page.ts";

/** The page, and the policy under which it runs. */
export interface Page {
  html: string;
  policy: string;
}

/** Where `netyard show --html` puts the data of a run. */
const DATA = '<script id="netyard-data" type="text/plain"></script>';

/** The page as the server sends it, or with data in it. `data` is base64, which needs no escaping. */
export function pageWith(data = ""): Page {
  const policy = policyOf(PAGE, data === "");
  if (data === "") return { html: PAGE, policy };
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const html = PAGE.replace("<head>", () => `<head>\n${meta}`)
    .replace(DATA, () => DATA.replace("></script>", () => `>${data}</script>`));
  return { html, policy };
}

/** Only the scripts and styles that are in the page run, by their hashes; it talks to its own server. */
function policyOf(html: string, connects: boolean): string {
  const hashes = (pattern: RegExp) =>
    [...html.matchAll(pattern)].map(([, text]) =>
      `'sha256-${createHash("sha256").update(text).digest("base64")}'`
    ).join(" ");
  return [
    "default-src 'none'",
    `script-src ${hashes(/<script>([^]*?)<\/script>/g)}`,
    `style-src ${hashes(/<style>([^]*?)<\/style>/g)}`,
    `connect-src ${connects ? "'self'" : "'none'"}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    ...connects ? ["frame-ancestors 'none'"] : [],
  ].join("; ");
}
