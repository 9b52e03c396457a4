import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  chooseNode,
  chooseSession,
  newSession,
  registerSession,
  type Session,
  SessionError,
  sessions,
  startTimeOf,
} from "../../../lib/cli/session/session.ts";
import {
  sessionDirectory,
  SessionDirectoryError,
} from "../../../lib/cli/session/session_directory.ts";

/** A temporary directory for this user only. */
async function privateDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  await Deno.chmod(path, 0o700);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const NODES: Session["nodes"] = [{ name: "ix", kind: "exchange" }, {
  name: "laptop",
  kind: "device",
}];

const some = (directory: string, label = "city") =>
  newSession(directory, { label, file: `${label}.toml`, nodes: NODES });

const mode = async (path: string) => (await Deno.lstat(path)).mode! & 0o777;

Deno.test("sessions are registered in the user's runtime directory, for the user only", async () => {
  await using own = await privateDirectory();
  const runtimeDirectory = own.path;
  const directory = await sessionDirectory({ runtimeDirectory, uid: 1 });
  assertEquals(directory, `${runtimeDirectory}/netyard`);
  assertEquals(await mode(directory), 0o700);
  const session = some(directory);
  await using noted = await registerSession(directory, session);
  assertEquals(await mode(`${directory}/${session.id}.json`), 0o600);
  assertEquals(await sessions(directory), [session]);
  await noted[Symbol.asyncDispose]();
  assertEquals([...Deno.readDirSync(directory)], []);
});

Deno.test("without a runtime directory of the user, sessions are in the temporary directory", async () => {
  await using own = await privateDirectory();
  const temporary = own.path;
  await using other = await privateDirectory();
  const shared = other.path;
  await Deno.chmod(shared, 0o777);
  const roots = { user: `${temporary}/no/such`, temporary };
  for (const runtimeDirectory of [undefined, `${temporary}/none`, shared]) {
    const directory = await sessionDirectory({ runtimeDirectory, uid: 7, roots });
    assertEquals(directory, `${temporary}/netyard-7`);
  }
  await Deno.mkdir(`${temporary}/run/7`, { recursive: true, mode: 0o700 });
  const directory = await sessionDirectory({
    uid: 7,
    roots: { user: `${temporary}/run`, temporary },
  });
  assertEquals(directory, `${temporary}/run/7/netyard`);
});

Deno.test("a directory that other users can access, or a link, is not trusted", async () => {
  await using own = await privateDirectory();
  const temporary = own.path;
  const roots = { user: `${temporary}/none`, temporary };
  const path = `${temporary}/netyard-7`;
  const refused = async (why: string) => {
    const error = await assertRejects(
      () => sessionDirectory({ uid: 7, roots }),
      SessionDirectoryError,
    );
    assertStringIncludes(error.message, why);
  };
  await Deno.mkdir(path);
  await Deno.chmod(path, 0o755);
  await refused("other users can read or write it");
  await Deno.remove(path);
  await using elsewhere = await privateDirectory();
  await Deno.symlink(elsewhere.path, path);
  await refused("it is not a directory");
});

Deno.test("a directory of another user is not trusted", {
  // Only root can change the owner.
  ignore: Deno.uid() !== 0,
}, async () => {
  await using own = await privateDirectory();
  const temporary = own.path;
  await Deno.mkdir(`${temporary}/netyard-7`, { mode: 0o700 });
  await Deno.chown(`${temporary}/netyard-7`, 12345, 12345);
  const error = await assertRejects(
    () => sessionDirectory({ uid: 7, roots: { user: `${temporary}/none`, temporary } }),
    SessionDirectoryError,
  );
  assertStringIncludes(error.message, "it belongs to another user");
});

Deno.test("listing the sessions removes those of dead processes", async () => {
  await using own = await privateDirectory();
  const directory = own.path;
  await using _kept = await registerSession(directory, some(directory, "kept"));
  const gone = { ...some(directory, "gone"), pid: 0x7fff_fff0 };
  // The same PID, but another start time.
  const reused = { ...some(directory, "reused"), startTime: "1" };
  const halfway = { ...some(directory, "halfway"), startTime: "1" };
  const elsewhere = { ...some(directory, "elsewhere"), pid: 1, processes: "pid:[1]" };
  await registerSession(directory, elsewhere);
  await registerSession(directory, gone);
  await registerSession(directory, reused);
  await Deno.writeTextFile(`${directory}/${reused.id}.sock`, "");
  await Deno.writeTextFile(`${directory}/.${halfway.id}.json.0a1b.tmp`, JSON.stringify(halfway));
  await Deno.writeTextFile(`${directory}/.broken.json.0a1b.tmp`, "{");
  assertEquals((await sessions(directory)).map(({ label }) => label), ["kept"]);
  assertEquals(
    [...Deno.readDirSync(directory)].map(({ name }) => name.replace(/-[\da-f]{4}/, "")).sort(),
    [".broken.json.0a1b.tmp", "elsewhere.json", "kept.json"],
  );
});

Deno.test("sessions have different IDs, which are short words", () => {
  assertMatch(some("/x", "My Lab: 2").id, /^my-lab-2-[\da-f]{4}$/);
  assertMatch(some("/x", "-".repeat(50)).id, /^lab-[\da-f]{4}$/);
  assertMatch(some("/x", "a".repeat(50)).id, /^a{20}-[\da-f]{4}$/);
});

Deno.test("the session is the one with the requested ID, or the only one", () => {
  const [one, two] = [some("/x", "one"), some("/x", "two")];
  assertEquals(chooseSession([one], undefined), one);
  assertEquals(chooseSession([one, two], two.id), two);
  const refused = (all: Session[], id: string | undefined, why: string) =>
    assertStringIncludes(
      assertThrows(() => chooseSession(all, id), SessionError).message,
      why,
    );
  refused(
    [],
    undefined,
    "no lab is running; start one with `netyard inspect FILE` in another shell",
  );
  refused([], "x", 'no lab is running, so there is no session "x"');
  refused([one, two], undefined, `\n  ${one.id}  one.toml\n  ${two.id}  two.toml`);
  refused([one, two], one.id.slice(1), `Did you mean "${one.id}"?`);
});

Deno.test("a node is found by its exact name, and an unknown name gets the nearest one as a hint", () => {
  const session = some("/x");
  assertEquals(chooseNode(session, "laptop").kind, "device");
  const { message } = assertThrows(() => chooseNode(session, "lap-top"), SessionError);
  assertEquals(
    message,
    'the lab "city" has no node "lap-top"; it has: ix, laptop; did you mean "laptop"?',
  );
});

Deno.test("a process is identified by its start time", () => {
  assertMatch(startTimeOf(Deno.pid)!, /^\d+$/);
  assertEquals(startTimeOf(0x7fff_fff0), undefined);
});
