/**
 * The server of the page: finds runs and failure bundles below a folder (`find_runs.ts`), answers requests
 * (`handler.ts`, with what it refuses in `guard.ts`), follows files that grow (`follow.ts`), and asks `tshark`
 * for the fields of a packet (`tshark.ts`). It only reads, follows no symbolic links, and sends files of runs
 * by a list of names alone; `unpack_zip.ts` unpacks the zip file of a bundle. Imports `../model`, `../page`,
 * `packets` and, for manifests, `sim/report`. Begin with `serve.ts`.
 *
 * @module
 */
export { type DevtoolsServer, serveRuns, type ServeRunsOptions } from "./serve.ts";
export { staticPage } from "./static_page.ts";
export { openBrowser } from "./open_browser.ts";
export { defaultPlace } from "./default_place.ts";
export { unpackZip } from "./unpack_zip.ts";
export { ServeError } from "./errors.ts";
