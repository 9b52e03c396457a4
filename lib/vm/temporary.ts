/** Where what lives no longer than this process goes: `TMPDIR`, or `/tmp`. */
export function temporary(): string {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "TMPDIR" });
  return (state === "granted" && Deno.env.get("TMPDIR")) || "/tmp";
}
