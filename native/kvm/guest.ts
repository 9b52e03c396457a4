import { Arena } from "../arena.ts";
import { NetyardError } from "../error.ts";
import { fast } from "../fast.ts";
import { mapMemory } from "../memory.ts";
import { check, closeFd, libc, O_RDWR, openFd, uninterrupted } from "../libc.ts";

/** The modes of an x86 processor that {@linkcode runKvmGuest} knows. */
export type KvmGuestMode = "real" | "long";

/** The device of KVM. */
export const KVM_DEVICE = "/dev/kvm";

// linux/kvm.h
const KVM_GET_API_VERSION = 0xae00n;
const KVM_CREATE_VM = 0xae01n;
const KVM_GET_VCPU_MMAP_SIZE = 0xae04n;
const KVM_CREATE_VCPU = 0xae41n;
const KVM_SET_TSS_ADDR = 0xae47n;
const KVM_RUN = 0xae80n;
const KVM_SET_USER_MEMORY_REGION = 0x4020ae46n;
const KVM_SET_REGS = 0x4090ae82n;
const KVM_GET_SREGS = 0x8138ae83n;
const KVM_SET_SREGS = 0x4138ae84n;
const KVM_API_VERSION = 12;
const KVM_EXIT_IO = 2;

/** The sizes of KVM's structures, and the offsets of fields. */
const REGION_BYTES = 32;
const REGS_BYTES = 144;
const REGS = { rip: 128, rflags: 136 };
const SREGS_BYTES = 312;
const SREGS = { cs: 0, ds: 24, es: 48, ss: 120, cr0: 224, cr3: 240, cr4: 248, efer: 264 };
const SEGMENT = { limit: 8, selector: 12, type: 14, present: 15, db: 17, s: 18, l: 19, g: 20 };
const RUN = { exitReason: 8, ioPort: 34, ioDataOffset: 40 };

// Far above the guest's memory: three pages that Intel's processors need for real mode.
const TSS_ADDRESS = 0xfffb_d000n;

const MEMORY_BYTES = 0x10000;
const PML4 = 0x1000;
const PDPT = 0x2000;
const PD = 0x3000;
const CODE = 0x4000;
const PRESENT_WRITABLE = 3;
const LARGE_PAGE = 0x80;

const CR0_PE_ET_PG = 0x8000_0011n;
const CR4_PAE = 0x20n;
const EFER_LME_LMA = 0x500n;
/** The bit of the flags register that is always set. */
const RFLAGS_FIXED = 2n;

/** The value that the guest writes, and the port. */
const ANSWER = 0x5a;
const PORT = 0x10;

/**
 * The rounds of the loop of the long-mode guest: 2 to the 26th take a processor a few tens of
 * milliseconds, and a kernel that emulates each instruction minutes.
 */
const ROUNDS = 0x0400_0000;

const OUT_AND_HALT = [0xe6, PORT, 0xf4];
const PROGRAMS: Record<KvmGuestMode, number[]> = {
  // mov al, ANSWER
  real: [0xb0, ANSWER, ...OUT_AND_HALT],
  long: [
    ...[0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, ANSWER], // mov rax, ANSWER << 56
    ...[0x48, 0xc7, 0xc1, ...bytesOf(ROUNDS)], // mov rcx, ROUNDS
    ...[0x48, 0xff, 0xc9, 0x75, 0xfb], // dec rcx; jnz to the dec
    ...[0x48, 0xc1, 0xe8, 56], // shr rax, 56
    ...OUT_AND_HALT,
  ],
};

function bytesOf(value: number): Uint8Array {
  return new Uint8Array(new Uint32Array([value]).buffer);
}

/** KVM exists and does not work as it should. */
export class KvmError extends NetyardError {}

/**
 * Runs a guest of a few instructions in KVM, which ends by a write to a port; in long mode it first
 * counts. A KVM that cannot run ordinary guests may still run it in real mode; in long mode it fails, or
 * is so slow that this **does not return**: call it in a process that can be killed.
 *
 * @throws {SyscallError} If the kernel refuses a call.
 * @throws {KvmError} If the guest ends differently.
 *
 * Source: the kernel's Documentation/virt/kvm/api.rst.
 */
export function runKvmGuest(mode: KvmGuestMode): void {
  const fds: number[] = [];
  const memory = new Arena(MEMORY_BYTES);
  const open = (fd: number) => fds[fds.push(fd) - 1];
  try {
    const kvm = open(openFd(KVM_DEVICE, O_RDWR));
    const version = call(kvm, KVM_GET_API_VERSION, "KVM_GET_API_VERSION");
    if (version !== KVM_API_VERSION) {
      throw new KvmError(`KVM has version ${version} of its interface, not ${KVM_API_VERSION}`);
    }
    const vm = open(call(kvm, KVM_CREATE_VM, "KVM_CREATE_VM"));
    call(vm, KVM_SET_TSS_ADDR, "KVM_SET_TSS_ADDR", TSS_ADDRESS);
    memory.bytes.set(PROGRAMS[mode], CODE);
    writePageTables(new DataView(memory.bytes.buffer));
    pass(vm, KVM_SET_USER_MEMORY_REGION, "KVM_SET_USER_MEMORY_REGION", region(memory.address));
    const vcpu = open(call(vm, KVM_CREATE_VCPU, "KVM_CREATE_VCPU"));
    setRegisters(vcpu, mode);
    const run = mapRun(vcpu, call(kvm, KVM_GET_VCPU_MMAP_SIZE, "KVM_GET_VCPU_MMAP_SIZE"));
    check(uninterrupted(() => fast().ioctl(vcpu, KVM_RUN, 0n)), "ioctl", KVM_DEVICE, "KVM_RUN");
    checkExit(run);
  } finally {
    // The mapping of the processor's state stays until the process ends.
    fds.reverse().forEach(closeFd);
    memory.close();
  }
}

/** Creates a machine and a processor: the only test on hosts that are not x86. */
export function createKvmGuest(): void {
  const fds: number[] = [];
  try {
    fds.push(openFd(KVM_DEVICE, O_RDWR));
    fds.push(call(fds[0], KVM_CREATE_VM, "KVM_CREATE_VM"));
    fds.push(call(fds[1], KVM_CREATE_VCPU, "KVM_CREATE_VCPU"));
  } finally {
    fds.reverse().forEach(closeFd);
  }
}

/** Calls ioctl(2) with a number. */
function call(fd: number, request: bigint, name: string, value = 0n): number {
  return check(fast().ioctl(fd, request, value), "ioctl", KVM_DEVICE, name);
}

/** Calls ioctl(2) with a structure. */
function pass(fd: number, request: bigint, name: string, bytes: Uint8Array<ArrayBuffer>): void {
  check(libc().ioctl(fd, request, bytes), "ioctl", KVM_DEVICE, name);
}

/** Maps the first 2 MiB of addresses to memory, by one large page. */
function writePageTables(view: DataView): void {
  view.setBigUint64(PML4, BigInt(PDPT | PRESENT_WRITABLE), true);
  view.setBigUint64(PDPT, BigInt(PD | PRESENT_WRITABLE), true);
  view.setBigUint64(PD, BigInt(LARGE_PAGE | PRESENT_WRITABLE), true);
}

function region(address: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(REGION_BYTES); // slot 0, without flags, at address 0 of the guest
  const view = new DataView(bytes.buffer);
  view.setBigUint64(16, BigInt(MEMORY_BYTES), true);
  view.setBigUint64(24, BigInt(address), true);
  return bytes;
}

function setRegisters(vcpu: number, mode: KvmGuestMode): void {
  const special = new Uint8Array(SREGS_BYTES);
  pass(vcpu, KVM_GET_SREGS, "KVM_GET_SREGS", special);
  const view = new DataView(special.buffer);
  if (mode === "long") setLongMode(view);
  else {
    view.setBigUint64(SREGS.cs, 0n, true); // the base; it is high after a reset
    view.setUint16(SREGS.cs + SEGMENT.selector, 0, true);
  }
  pass(vcpu, KVM_SET_SREGS, "KVM_SET_SREGS", special);

  const general = new Uint8Array(REGS_BYTES);
  const registers = new DataView(general.buffer);
  registers.setBigUint64(REGS.rip, BigInt(CODE), true);
  registers.setBigUint64(REGS.rflags, RFLAGS_FIXED, true);
  pass(vcpu, KVM_SET_REGS, "KVM_SET_REGS", general);
}

function setLongMode(view: DataView): void {
  view.setBigUint64(SREGS.cr3, BigInt(PML4), true);
  view.setBigUint64(SREGS.cr4, CR4_PAE, true);
  view.setBigUint64(SREGS.cr0, CR0_PE_ET_PG, true);
  view.setBigUint64(SREGS.efer, EFER_LME_LMA, true);
  const CODE_SEGMENT = { type: 11, selector: 8, l: 1, db: 0 };
  const DATA_SEGMENT = { type: 3, selector: 16, l: 0, db: 1 };
  for (const at of [SREGS.cs, SREGS.ds, SREGS.es, SREGS.ss]) {
    const { type, selector, l, db } = at === SREGS.cs ? CODE_SEGMENT : DATA_SEGMENT;
    view.setBigUint64(at, 0n, true); // the base
    view.setUint32(at + SEGMENT.limit, 0xffff_ffff, true);
    view.setUint16(at + SEGMENT.selector, selector, true);
    view.setUint8(at + SEGMENT.type, type);
    view.setUint8(at + SEGMENT.present, 1);
    view.setUint8(at + SEGMENT.db, db);
    view.setUint8(at + SEGMENT.s, 1);
    view.setUint8(at + SEGMENT.l, l);
    view.setUint8(at + SEGMENT.g, 1);
  }
}

const PROT_READ = 1;
const MAP_SHARED = 1;

function mapRun(vcpu: number, length: number): DataView {
  const start = mapMemory(length, PROT_READ, MAP_SHARED, vcpu);
  if (!start) throw new KvmError("the state of KVM's processor cannot be mapped");
  return new DataView(Deno.UnsafePointerView.getArrayBuffer(start, length));
}

function checkExit(run: DataView): void {
  const reason = run.getUint32(RUN.exitReason, true);
  if (reason !== KVM_EXIT_IO) {
    throw new KvmError(`a guest of a few instructions ended with KVM's exit reason ${reason}`);
  }
  const port = run.getUint16(RUN.ioPort, true);
  const value = run.getUint8(Number(run.getBigUint64(RUN.ioDataOffset, true)));
  if (port !== PORT || value !== ANSWER) {
    throw new KvmError(`a guest of a few instructions wrote ${value} to port ${port}`);
  }
}
