import { assert } from "@std/assert";

/** Copies the npm packages of this user's cache to the cache of another user without a network. */
export async function lendPackages(denoDir: string): Promise<void> {
  const sh = async (program: string, ...args: string[]) => {
    const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  };
  const { npmCache } = JSON.parse(await sh(Deno.execPath(), "info", "--json"));
  await Deno.mkdir(denoDir);
  await sh("cp", "-r", npmCache, `${denoDir}/npm`);
  await sh("chmod", "-R", "a+rwX", denoDir);
}
