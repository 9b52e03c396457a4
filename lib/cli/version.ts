export { VERSION } from "../std/version.ts";
