/**
 * A variable of the environment; undefined if it is not set or empty, and where the process may not read it
 * (`--allow-env`).
 */
export function environmentVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) || undefined : undefined;
}
