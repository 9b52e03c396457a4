/**
 * A process of its own for KVM's trial, which may have to be killed. Its argument is the mode of
 * the guest, or `create` for none; it prints `ok`, or why KVM is of no use.
 *
 * @module
 */
import { NetyardError } from "../error.ts";
import { createKvmGuest, runKvmGuest } from "./guest.ts";

try {
  const [mode] = Deno.args;
  if (mode === "real" || mode === "long") runKvmGuest(mode);
  else createKvmGuest();
  console.log("ok");
} catch (error) {
  if (!(error instanceof NetyardError)) throw error;
  console.log(error.message);
}
