import { findProgram, searchPath, SYSTEM_DIRECTORIES } from "../../../native/process/process.ts";

/**
 * Installs a seccomp filter by which setgroups(2) succeeds and does nothing, and becomes the program
 * that its arguments name. `P` packs a pointer to the filter.
 *
 * Source: seccomp(2), struct sock_fprog of linux/filter.h.
 */
const SCRIPT = `
my ($prctl, $arch, $setgroups) = splice @ARGV, 0, 3;
my @filter = (
  [0x20, 0, 0, 4],           # load the architecture
  [0x15, 0, 3, $arch],       # another one: allow
  [0x20, 0, 0, 0],           # load the number of the call
  [0x15, 0, 1, $setgroups],  # another one: allow
  [0x06, 0, 0, 0x00050000],  # fail with error 0, which is success
  [0x06, 0, 0, 0x7fff0000],  # allow
);
my $code = join "", map { pack "SCCL", @$_ } @filter;
syscall($prctl, 22, 2, pack("Sx6P", scalar @filter, $code), 0, 0) == 0 or die "seccomp: $!";
exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!";
`;

/** By architecture: the number of prctl(2), AUDIT_ARCH of linux/audit.h, the number of setgroups(2). */
const NUMBERS = {
  x86_64: [157, 0xc000003e, 116],
  aarch64: [167, 0xc00000b7, 159],
} as const;

/**
 * The command line of a program that insists on setting its groups, as tcpdump does whichever user it
 * is to become. In a user namespace without other users that is forbidden, and nothing to set is there.
 * As it is where there is no perl.
 */
export function keepingGroups(program: string, args: readonly string[]): [string, string[]] {
  const directories = [...searchPath(), "/usr/bin", ...SYSTEM_DIRECTORIES];
  const perl = findProgram("perl", directories);
  const file = findProgram(program, directories);
  if (perl === undefined || file === undefined) return [program, [...args]];
  const numbers = NUMBERS[Deno.build.arch].map(String);
  return [perl, ["-e", SCRIPT, "--", ...numbers, file, ...args]];
}
