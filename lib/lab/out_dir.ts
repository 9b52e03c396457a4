/** The output directory that the environment asks for, if it does. */
export function environmentOutDir(): string | undefined {
  // Without --allow-env the variable is as good as unset.
  const { state } = Deno.permissions.querySync({ name: "env", variable: "NETYARD_OUTDIR" });
  return state === "granted" ? Deno.env.get("NETYARD_OUTDIR") || undefined : undefined;
}
