/** DNS messages over TCP, each after its length in two bytes (RFC 1035, 4.2.2). */

/** Reads a message; undefined at the end of the connection. */
export async function readFramed(connection: Deno.Conn): Promise<Uint8Array | undefined> {
  const length = await readExactly(connection, 2);
  return length && await readExactly(connection, length[0] << 8 | length[1]);
}

/** Writes a message. */
export async function writeFramed(connection: Deno.Conn, message: Uint8Array): Promise<void> {
  const { length } = message;
  const bytes = new Uint8Array(2 + length);
  bytes.set([length >>> 8, length & 0xff]);
  bytes.set(message, 2);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

async function readExactly(connection: Deno.Conn, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await connection.read(bytes.subarray(at));
    if (count === null) return undefined;
    at += count;
  }
  return bytes;
}
