/** The arguments of a command of the agent, and its answer. */
interface Command<A, R> {
  arguments: A;
  return: R;
}

type None = Record<string, never>;

/**
 * The commands of the QEMU guest agent that are used here.
 *
 * Source: qga/qapi-schema.json of QEMU 7.2.
 */
export interface GuestCommands {
  "guest-ping": Command<None, None>;
  "guest-info": Command<
    None,
    {
      version: string;
      supported_commands: { name: string; enabled: boolean; "success-response": boolean }[];
    }
  >;
  "guest-exec": Command<
    {
      path: string;
      arg?: string[];
      /** `NAME=value` each; replaces the agent's own environment. */
      env?: string[];
      /** Base64. */
      "input-data"?: string;
      "capture-output"?: boolean;
    },
    { pid: number }
  >;
  "guest-exec-status": Command<
    { pid: number },
    {
      /** True only once every process that held its output open has ended, too. */
      exited: boolean;
      exitcode?: number;
      signal?: number;
      /** Base64, as are all data of the agent. */
      "out-data"?: string;
      "err-data"?: string;
      "out-truncated"?: boolean;
      "err-truncated"?: boolean;
    }
  >;
  /** The mode is that of fopen(3). */
  "guest-file-open": Command<{ path: string; mode?: string }, number>;
  "guest-file-close": Command<{ handle: number }, None>;
  "guest-file-read": Command<
    { handle: number; count?: number },
    { count: number; "buf-b64": string; eof: boolean }
  >;
  "guest-file-write": Command<
    { handle: number; "buf-b64": string; count?: number },
    { count: number; eof: boolean }
  >;
  "guest-file-seek": Command<
    { handle: number; offset: number; whence: number },
    { position: number; eof: boolean }
  >;
  "guest-file-flush": Command<{ handle: number }, None>;
  /** There is no answer if it succeeds. */
  "guest-shutdown": Command<{ mode?: "powerdown" | "halt" | "reboot" }, None>;
  /** Nanoseconds since 1970. */
  "guest-get-time": Command<None, number>;
  "guest-set-time": Command<{ time?: number }, None>;
  "guest-get-host-name": Command<None, { "host-name": string }>;
  "guest-network-get-interfaces": Command<
    None,
    {
      name: string;
      "hardware-address"?: string;
      "ip-addresses"?: {
        "ip-address": string;
        "ip-address-type": "ipv4" | "ipv6";
        prefix: number;
      }[];
      statistics?: Record<string, number>;
    }[]
  >;
}
