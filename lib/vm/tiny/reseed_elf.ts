const BASE = 0x400000;
const HEADERS = 64 + 56;

/** The size of the program's input: `struct rand_pool_info` of linux/random.h with 64 random bytes. */
export const RESEED_INPUT_SIZE = 72;

// The stack is the buffer. A system call keeps all registers but rax, rcx and r11.
// deno-fmt-ignore
const CODE = [
  0x48, 0x83, 0xec, 0x50,       //         sub  rsp, 80
  0x31, 0xff,                   //         xor  edi, edi         ; stdin
  0x48, 0x89, 0xe6,             //         mov  rsi, rsp
  0xba, 0x48, 0, 0, 0,          //         mov  edx, 72
  0x31, 0xc0,                   //         xor  eax, eax         ; read(0, buffer, 72)
  0x0f, 0x05,                   //         syscall
  0x85, 0xc0,                   //         test eax, eax
  0x78, 0x42,                   //         js   exit
  0x83, 0xf8, 0x48,             //         cmp  eax, 72
  0x74, 0x07,                   //         je   open
  0xb8, 0xea, 0xff, 0xff, 0xff, //         mov  eax, -22         ; -EINVAL
  0xeb, 0x36,                   //         jmp  exit
  0x48, 0x8d, 0x3d, 0x3a, 0, 0, 0, // open: lea rdi, [rip + path]
  0xbe, 2, 0, 0, 0,             //         mov  esi, 2           ; O_RDWR
  0xb8, 2, 0, 0, 0,             //         mov  eax, 2           ; open(path, O_RDWR)
  0x0f, 0x05,                   //         syscall
  0x85, 0xc0,                   //         test eax, eax
  0x78, 0x1f,                   //         js   exit
  0x89, 0xc7,                   //         mov  edi, eax
  0xbe, 0x03, 0x52, 0x08, 0x40, //         mov  esi, 0x40085203  ; RNDADDENTROPY
  0x48, 0x89, 0xe2,             //         mov  rdx, rsp
  0x6a, 0x10, 0x58,             //         push 16 ; pop rax     ; ioctl(urandom, RNDADDENTROPY, buffer)
  0x0f, 0x05,                   //         syscall
  0x85, 0xc0,                   //         test eax, eax
  0x78, 0x0c,                   //         js   exit
  0xbe, 0x07, 0x52, 0, 0,       //         mov  esi, 0x5207      ; RNDRESEEDCRNG
  0xb8, 0x10, 0, 0, 0,          //         mov  eax, 16          ; ioctl(urandom, RNDRESEEDCRNG)
  0x0f, 0x05,                   //         syscall
  0xf7, 0xd8,                   // exit:   neg  eax              ; 0, or the errno
  0x89, 0xc7,                   //         mov  edi, eax
  0xb8, 60, 0, 0, 0,            //         mov  eax, 60          ; exit(errno)
  0x0f, 0x05,                   //         syscall
];

const PATH = "/dev/urandom\0";

/**
 * Returns a program for Linux on x86-64 that mixes its standard input into the kernel's random state, and
 * reseeds the generator. Machines that resume from one saved machine share that state until then, and
 * would make the same keys. It exits with 0, or with the errno of a failure; 22 (EINVAL) if it read less
 * than {@link RESEED_INPUT_SIZE} bytes.
 */
export function reseedElf(): Uint8Array<ArrayBuffer> {
  const path = new TextEncoder().encode(PATH);
  const size = HEADERS + CODE.length + path.length;
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  const u16 = (at: number, value: number) => view.setUint16(at, value, true);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  const u64 = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);

  // Elf64_Ehdr: elf(5).
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bits, little-endian, version 1
  u16(16, 2); // ET_EXEC
  u16(18, 62); // EM_X86_64
  u32(20, 1); // version
  u64(24, BASE + HEADERS); // entry
  u64(32, 64); // program headers
  u16(52, 64); // size of this header
  u16(54, 56); // size of a program header
  u16(56, 1); // how many

  // Elf64_Phdr: the whole file, readable and executable.
  u32(64, 1); // PT_LOAD
  u32(68, 5);
  u64(80, BASE); // virtual and physical address
  u64(88, BASE);
  u64(96, size); // in the file and in memory
  u64(104, size);
  u64(112, 0x1000); // alignment

  file.set(CODE, HEADERS);
  file.set(path, HEADERS + CODE.length);
  return file;
}

/** Returns the input of {@link reseedElf} for 64 random bytes, all of which count as entropy. */
export function reseedInput(random: Uint8Array): Uint8Array<ArrayBuffer> {
  const input = new Uint8Array(RESEED_INPUT_SIZE);
  const view = new DataView(input.buffer);
  view.setInt32(0, 512, true);
  view.setInt32(4, 64, true);
  input.set(random.subarray(0, 64), 8);
  return input;
}
