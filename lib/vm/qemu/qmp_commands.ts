/** The arguments of a QMP command, and its answer. */
interface Command<A, R> {
  arguments: A;
  return: R;
}

type None = Record<string, never>;
/** An object whose other keys depend on a driver or a type. */
type Open = Record<string, unknown>;

/** The states of a machine (`RunState` in qapi/run-state.json). */
export type QmpRunState =
  | "colo"
  | "debug"
  | "finish-migrate"
  | "guest-panicked"
  | "inmigrate"
  | "internal-error"
  | "io-error"
  | "paused"
  | "postmigrate"
  | "prelaunch"
  | "restore-vm"
  | "running"
  | "save-vm"
  | "shutdown"
  | "suspended"
  | "watchdog";

/** The answer of `query-migrate` (`MigrationInfo` in qapi/migration.json). */
export interface QmpMigration {
  /** Missing before the first migration. */
  status?:
    | "none"
    | "setup"
    | "cancelling"
    | "cancelled"
    | "active"
    | "postcopy-active"
    | "postcopy-paused"
    | "postcopy-recover"
    | "completed"
    | "failed"
    | "colo"
    | "pre-switchover"
    | "device"
    | "wait-unplug";
  /** Bytes of memory. */
  ram?: { transferred: number; remaining: number; total: number; [key: string]: unknown };
  /** Milliseconds. */
  "total-time"?: number;
  /** Milliseconds for which the guest was paused. */
  downtime?: number;
  /** Why it failed. */
  "error-desc"?: string;
}

/** A migration capability, on or off. */
export interface QmpMigrationCapability {
  /** For example `events` or `x-ignore-shared`. */
  capability: string;
  state: boolean;
}

/** One disk drive in the answer of `query-block`. */
export interface QmpBlock {
  device: string;
  qdev?: string;
  type: string;
  removable: boolean;
  locked: boolean;
  "io-status"?: "ok" | "failed" | "nospace";
  inserted?: QmpBlockNode;
}

/** One block node (`BlockDeviceInfo` in qapi/block-core.json). */
export interface QmpBlockNode {
  file: string;
  "node-name"?: string;
  ro: boolean;
  drv: string;
  image: Open;
  [key: string]: unknown;
}

/** The address of a server (`SocketAddress` in qapi/sockets.json). */
export type QmpSocketAddress =
  | { type: "unix"; data: { path: string } }
  | { type: "inet"; data: { host: string; port: string } }
  | { type: "fd"; data: { str: string } };

/**
 * The QMP commands that are used here. Commands that need a file descriptor are left out: Deno's sockets
 * cannot send one.
 *
 * Source: qapi/*.json of QEMU 7.2.
 */
export interface QmpCommands {
  "qmp_capabilities": Command<{ enable?: "oob"[] }, None>;
  "query-version": Command<
    None,
    { qemu: { major: number; minor: number; micro: number }; package: string }
  >;
  "query-status": Command<
    None,
    { running: boolean; status: QmpRunState; singlestep?: boolean }
  >;
  "query-cpus-fast": Command<
    None,
    {
      "cpu-index": number;
      "qom-path": string;
      "thread-id": number;
      target: string;
      [key: string]: unknown;
    }[]
  >;
  "query-pci": Command<None, { bus: number; devices: Open[] }[]>;
  "query-kvm": Command<None, { enabled: boolean; present: boolean }>;

  "stop": Command<None, None>;
  "cont": Command<None, None>;
  "system_reset": Command<None, None>;
  /** Presses the power button. */
  "system_powerdown": Command<None, None>;
  "system_wakeup": Command<None, None>;
  "inject-nmi": Command<None, None>;
  "quit": Command<None, None>;
  "human-monitor-command": Command<{ "command-line": string; "cpu-index"?: number }, string>;

  /** The name is the **device's** ID: with that of the netdev the guest keeps its carrier. */
  "set_link": Command<{ name: string; up: boolean }, None>;
  "netdev_add": Command<{ type: string; id: string; [key: string]: unknown }, None>;
  "netdev_del": Command<{ id: string }, None>;
  "device_add": Command<
    { driver: string; id?: string; bus?: string; [key: string]: unknown },
    None
  >;
  /** Only asks the guest to release the device; the event `DEVICE_DELETED` follows when it has. */
  "device_del": Command<{ id: string }, None>;
  "object-add": Command<{ "qom-type": string; id: string; [key: string]: unknown }, None>;
  "object-del": Command<{ id: string }, None>;
  "qom-get": Command<{ path: string; property: string }, unknown>;
  "qom-set": Command<{ path: string; property: string; value: unknown }, None>;

  /** Only begins the migration: the event `MIGRATION`, or `query-migrate`, shows how it ends. */
  "migrate": Command<{ uri: string; resume?: boolean }, None>;
  "migrate-incoming": Command<{ uri: string }, None>;
  "migrate_cancel": Command<None, None>;
  "migrate-set-capabilities": Command<{ capabilities: QmpMigrationCapability[] }, None>;
  "query-migrate-capabilities": Command<None, QmpMigrationCapability[]>;
  /** The bandwidth is in bytes per second. */
  "migrate-set-parameters": Command<
    {
      "max-bandwidth"?: number;
      "downtime-limit"?: number;
      "multifd-channels"?: number;
      [key: string]: unknown;
    },
    None
  >;
  "query-migrate": Command<None, QmpMigration>;

  "blockdev-add": Command<{ driver: string; "node-name"?: string; [key: string]: unknown }, None>;
  "blockdev-del": Command<{ "node-name": string }, None>;
  "blockdev-reopen": Command<
    { options: { driver: string; "node-name": string; [key: string]: unknown }[] },
    None
  >;
  "block_resize": Command<{ "node-name"?: string; device?: string; size: number }, None>;
  "query-block": Command<None, QmpBlock[]>;
  "query-named-block-nodes": Command<{ flat?: boolean }, QmpBlockNode[]>;
  "nbd-server-start": Command<
    { addr: QmpSocketAddress; "tls-creds"?: string; "max-connections"?: number },
    None
  >;
  "nbd-server-stop": Command<None, None>;
  "block-export-add": Command<
    {
      type: string;
      id: string;
      "node-name": string;
      writable?: boolean;
      [key: string]: unknown;
    },
    None
  >;
  "block-export-del": Command<{ id: string; mode?: "safe" | "hard" }, None>;

  "chardev-add": Command<{ id: string; backend: { type: string; data: Open } }, { pty?: string }>;
  "chardev-remove": Command<{ id: string }, None>;
  "query-chardev": Command<None, { label: string; filename: string; "frontend-open": boolean }[]>;
}
