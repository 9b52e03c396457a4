/** Folders of the current one in which runs are usually kept, the likeliest first. */
const PLACES = [".netyard-work", "runs", ".netyard-runs"];

/** The folder to look for runs in: `NETYARD_OUTDIR`, a usual place in the current folder, or that itself. */
export async function defaultPlace(
  environment: (name: string) => string | undefined,
  cwd: string,
): Promise<string> {
  const given = environment("NETYARD_OUTDIR");
  if (given) return given;
  const found: string[] = [];
  for (const name of PLACES) {
    const path = `${cwd}/${name}`;
    if (await Deno.stat(path).then((stat) => stat.isDirectory, () => false)) found.push(path);
  }
  return found.length === 1 ? found[0] : cwd;
}
