import { assertEquals } from "@std/assert";
import { packetBlock } from "../../lib/packets/mod.ts";
import { completeRecord, RECORD_HEADER_BYTES } from "../../lib/record/captures/packet_record.ts";

Deno.test("a record that is completed in place is the block that packets writes", () => {
  for (const captured of [0, 1, 2, 3, 4, 60, 1499, 65_535]) {
    for (
      const [seconds, nanos] of [[0, 0], [1_796_087_025, 579_353_756], [4_294_967_295, 999_999_999]]
    ) {
      const data = Uint8Array.from({ length: captured }, (_, n) => n * 7 + 3);
      const bytes = new Uint8Array(2 ** 17).fill(0xaa); // as after other packets
      bytes.set(data, 8 + RECORD_HEADER_BYTES);
      const isOutgoing = captured % 2 === 0;
      const length = captured + 5;
      const words = new Uint32Array(bytes.buffer);
      const size = completeRecord(words, 8, captured, length, isOutgoing, seconds, nanos);
      const direction = isOutgoing ? "out" as const : "in" as const;
      const block = packetBlock({ interface: 0, seconds, nanos, length, data, direction });
      assertEquals(bytes.slice(8, 8 + size), block);
    }
  }
});
