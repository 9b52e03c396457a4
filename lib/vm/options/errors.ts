import { NetyardError } from "../../../native/error.ts";
import { DeadlineError } from "../../node/process/errors.ts";
import type { RunResult } from "./run_types.ts";
import { tail } from "../../files/tail.ts";

/** Something about a virtual machine failed; each cause has a subclass. */
export class VmError extends NetyardError {}

/** QEMU or the guest agent refused a command, or did not answer it. */
export class VmCommandError extends VmError {
  /** The command, for example `set_link` or `guest-exec`. */
  readonly command: string;
  /** The class of the error, for example `DeviceNotFound`; undefined if there was no answer. */
  readonly errorClass?: string;
  /** The description in the answer; undefined if there was no answer. */
  readonly desc?: string;

  /** `answer` is the answer, if there was one. */
  constructor(
    message: string,
    command: string,
    answer: { class?: string; desc?: string } = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.command = command;
    this.errorClass = answer.class;
    this.desc = answer.desc;
  }
}

/** QEMU refused a command of its machine protocol (QMP), or did not answer it. */
export class QmpError extends VmCommandError {}

/** The QEMU guest agent refused a command, or did not answer it. */
export class GuestAgentError extends VmCommandError {}

/** The state of the VM does not allow an operation. */
export class VmStateError extends VmError {
  /** The state that the VM is in. */
  readonly state: string;
  /** The states in which the operation is possible. */
  readonly expected: readonly string[];

  /**
   * `operation` is the call as the user wrote it: `nas.run("true")`. `advice` says what to do:
   * `boot() it first`.
   */
  constructor(operation: string, state: string, expected: readonly string[], advice = "") {
    const allowed = expected.length < 2
      ? expected.join("")
      : `${expected.slice(0, -1).join(", ")} or ${expected.at(-1)}`;
    super(
      `${operation}: the VM is ${state}, but must be ${allowed}${advice && `; ${advice}`}`,
    );
    this.state = state;
    this.expected = expected;
  }
}

/** A command in a guest could not be started, or `assertOk()` found that it failed. */
export class GuestCommandError extends VmError {
  /** How the command ended; undefined if it was never started. */
  readonly result?: RunResult;

  /** `message` is complete; `result` is for the caller. */
  constructor(message: string, result?: RunResult, options?: ErrorOptions) {
    super(message, options);
    this.result = result;
  }

  /** Makes the error of a command that failed: how it ended, and the last lines of its output. */
  static failed(what: string, result: RunResult): GuestCommandError {
    const how = result.signal
      ? `was ended by ${result.signal}`
      : `failed with exit code ${result.exitCode}`;
    return new GuestCommandError(`${what}: it ${how}${printed(result)}`, result);
  }
}

/** A command in a guest did not end in time, and was killed. */
export class GuestDeadlineError extends DeadlineError {
  /** What it had printed until then; undefined if the output could not be read. */
  readonly result?: RunResult;

  /** `what` is the call as the user wrote it. */
  constructor(what: string, timeoutMs: number, result?: RunResult, options?: ErrorOptions) {
    const end = result
      ? "it was killed"
      : "killing it did not end it: its files and sockets are still open in the guest";
    super(
      `${what}: it did not end within ${timeoutMs} ms; ${end}${result ? printed(result) : ""}`,
      options,
    );
    this.result = result;
  }
}

/** A file in a guest that cannot be read, written, listed or examined. */
export class GuestFileError extends VmError {
  /** Its path, in the guest unless the message says that it is on the host. */
  readonly path: string;

  /** An error about `path`, which the message names too. */
  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** A disk that cannot be made, attached, detached, read or written. */
export class DiskError extends VmError {}

/** There is no profile of that name, or something it needs is missing, or its definition is invalid. */
export class ProfileError extends VmError {}

function printed({ stdout, stderr }: RunResult): string {
  const part = (name: string, text: string) => text ? `\n${name}:\n${tail(text)}` : "";
  return part("stderr", stderr) + part("stdout", stdout);
}
