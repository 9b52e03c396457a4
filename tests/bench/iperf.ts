/** iperf3, between any two places where programs can be started. */

/** Where a program is started: a node, or a bare namespace. */
export type Place = (program: string, args: string[]) => Deno.ChildProcess;

/** What a place starts programs with. */
export const piped = (args: string[]): Deno.CommandOptions => ({
  args,
  stdin: "null",
  stdout: "piped",
  stderr: "piped",
});

/** Whether iperf3 is installed; says so if not. */
export function hasIperf(): boolean {
  try {
    return new Deno.Command("iperf3", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    console.log("throughput: not measured, iperf3 is not installed\n");
    return false;
  }
}

/** What iperf3 reports of one run, by its own names. */
export interface IperfReport {
  sum_received: { bits_per_second: number };
  sum: { lost_packets: number; packets: number; bits_per_second: number };
}

/** One run; `args` are the client's. */
export async function iperf(from: Place, to: Place, ip: string, args: string[], port = 5201) {
  const server = to("iperf3", ["-s", "-1", "-p", `${port}`, "--forceflush"]);
  const output = server.stdout.getReader();
  // It says that it listens before it does anything else.
  for (let text = ""; !text.includes("listening");) {
    const { value, done } = await output.read();
    if (done) throw new Error("iperf3 -s ended at once");
    text += new TextDecoder().decode(value);
  }
  output.releaseLock();
  const drained = server.stdout.pipeTo(new WritableStream());
  const client = await from("iperf3", ["-c", ip, "-p", `${port}`, "-J", ...args]).output();
  await Promise.all([drained, server.status, server.stderr.cancel()]);
  return JSON.parse(new TextDecoder().decode(client.stdout)).end as IperfReport;
}

/** TCP goodput, in Gbit/s. */
export async function gigabits(
  from: Place,
  to: Place,
  ip: string,
  seconds: number,
): Promise<number> {
  // The first second is TCP's slow start.
  const report = await iperf(from, to, ip, ["-t", `${seconds}`, "-O", "1"]);
  return report.sum_received.bits_per_second / 1e9;
}
