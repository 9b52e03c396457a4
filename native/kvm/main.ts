/**
 * The process of a trial of KVM, which may have to be killed. Its argument is the mode of the guest, or
 * `create` for no guest. Prints `ok`, or why KVM does not work.
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
