import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { hiddenFrom } from "../../../lib/vm/host_root/hidden.ts";
import { virtiofsdCommand } from "../../../lib/vm/host_root/virtiofsd_command.ts";
import { hostGuestFiles } from "../../../lib/vm/host_root/guest_files.ts";
import { locateProgram } from "../../../lib/host/programs.ts";
import { pathExists } from "../../../native/libc.ts";
import { Lab } from "@netyard/netyard";

const unable = Deno.statSync("/").uid !== 0 ||
  ["qemu-system-x86_64", "virtiofsd"].some((program) => !locateProgram(program as "virtiofsd"));

Deno.test("a guest only sees the homes that the user works in, without their keys", () => {
  const { directories, files } = hiddenFrom({
    homes: ["ada", "ad", "bob"],
    own: ["/home/ada/project", "/root", "/usr/bin/deno"],
  });
  assertEquals(directories, [
    ..."/proc /sys /dev /run /tmp /var/tmp /etc/ssl/private".split(" "),
    "/home/ad",
    "/home/bob",
    "/root/.ssh",
    "/root/.gnupg",
    "/home/ada/.ssh",
    "/home/ada/.gnupg",
  ]);
  assert(files.includes("/etc/shadow") && files.includes("/etc/ssh/ssh_host_ed25519_key"));
});

Deno.test("both virtiofsd programs are confined to the tree that was built for them", () => {
  const hidden = { directories: ["/proc", "/a b"], files: ["/etc/shadow"] };
  const of = (rust: boolean) => virtiofsdCommand({ virtiofsd: "/v", rust, socket: "s", hidden });
  assertEquals(of(false).slice(0, 5), ["unshare", "--mount", "--", "sh", "-c"]);
  assertEquals(of(false).slice(6), [
    "sh",
    "/proc\n/a b",
    "/etc/shadow",
    "/v",
    "--socket-path=./s",
    "-o",
    "source=/mnt,sandbox=chroot,cache=always,no_posix_lock",
  ]);
  assertEquals(of(true).slice(11), ["--shared-dir=/mnt", "--sandbox=chroot", "--cache=always"]);
});

Deno.test("sh accepts the scripts of the guest, and they need no /bin/busybox of the host", async () => {
  for (const { path, text } of hostGuestFiles()) {
    if (!text.startsWith("#!")) continue;
    if (path !== "init") assertStringIncludes(text, "#!/netyard/usr/bin/busybox sh\n");
    const child = new Deno.Command("sh", { args: ["-n"], stdin: "piped", stderr: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
    const { success, stderr } = await child.output();
    assert(success, `${path}: ${new TextDecoder().decode(stderr)}`);
  }
});

Deno.test({
  name: "a host guest has the host's programs and files, and writes to its own memory",
  ignore: unable,
  async fn() {
    const name = `.netyard-${crypto.randomUUID()}.tmp`;
    const file = `${Deno.cwd()}/${name}`;
    await Deno.writeTextFile(file, "of the host");
    try {
      await using lab = await Lab.create();
      const segment = lab.bridge("b");
      const vm = lab.vm("nas", { profile: "host", bridges: [segment] });
      await vm.boot();

      const sum = (await vm.run(["deno", "eval", "console.log(6 * 7)"], { timeoutMs: 60_000 }))
        .assertOk();
      assertEquals(sum.stdout, "42\n");
      assertEquals(
        await vm.readTextFile("/etc/os-release"),
        await Deno.readTextFile("/etc/os-release"),
      );
      // Hidden if the guest has a directory of its own in its place.
      const seen = !/^\/(tmp|run|var\/tmp)\//.test(file);
      assertEquals((await vm.run(`cat ${file}`)).stdout, seen ? "of the host" : "");

      // Its writes stay in the guest.
      (await vm.run(`echo changed >/etc/os-release; mkdir -p /usr/share/${name}; rm -f ${file}`))
        .assertOk();
      assertEquals(await vm.readTextFile("/etc/os-release"), "changed\n");
      assertEquals(await Deno.readTextFile(file), "of the host");
      assertEquals(pathExists(`/usr/share/${name}`), false);
      assert((await Deno.readTextFile("/etc/os-release")).includes("ID="));

      // Not even through the file server's own mount.
      const around = await vm.run(
        "mkdir /tmp/below && mount -t virtiofs host /tmp/below && mount -o remount,rw /tmp/below;" +
          ` cd /tmp/below && for at in usr etc var .; do touch $at/${name}; done`,
      );
      assertEquals(around.stderr.match(/Read-only file system/g)?.length, 4, around.stderr);
      const empty = await vm.run(
        "cd /tmp/below; ls proc sys dev tmp var/tmp; cat etc/shadow /etc/shadow; ls /run/user",
      );
      assertEquals(empty.stdout.replace(/^\S+:$/gm, "").trim(), "");

      // Its network is the lab's, and its kernel has modules.
      assertStringIncludes((await vm.run("ip -4 addr show eth0")).stdout, `inet ${vm.ip}/`);
      (await vm.run("ip link add d0 type dummy")).assertOk();

      const error = await assertRejects(() => vm.snapshot());
      assertEquals(
        (error as Error).message,
        'nas.snapshot(): a machine of the profile "host" cannot be saved: its root is this host\'s, ' +
          'served by virtiofsd, which QEMU cannot save; use another profile, such as "tiny"',
      );
      await vm.shutdown();
      assertEquals(vm.state, "stopped");
    } finally {
      await Deno.remove(file);
    }
  },
});
