/** Programs that open an address in the browser of the desktop, by operating system. */
const OPENERS: Record<string, string[]> = {
  linux: ["xdg-open"],
  darwin: ["open"],
  windows: ["rundll32", "url.dll,FileProtocolHandler"],
};

/**
 * Opens an address in the browser of the desktop.
 *
 * @returns whether a program for that was started; the caller prints the address anyway
 */
export function openBrowser(url: string): boolean {
  const [program, ...args] = OPENERS[Deno.build.os] ?? OPENERS.linux;
  try {
    const child = new Deno.Command(program, {
      args: [...args, url],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    child.unref();
    return true;
  } catch {
    return false;
  }
}
