import { useState } from "preact/hooks";

/** The bytes of a packet. */
export interface HexBytesProps {
  data: Uint8Array;
  /** The bytes that are marked: from, and the one after the last. */
  marked: [start: number, end: number] | undefined;
  /** Called with the offset of a byte that the reader clicks. */
  onByte(offset: number): void;
}

/** Bytes of a line, and bytes that are shown before the reader asks for all. */
const LINE = 8;
const FEW = 512;

/** The bytes of a packet in hexadecimal and as characters, those of the chosen field marked. */
export function HexBytes({ data, marked, onByte }: HexBytesProps) {
  const [all, showAll] = useState(false);
  const shown = all ? data.length : Math.min(data.length, Math.max(FEW, marked?.[1] ?? 0));
  const lines = Math.ceil(shown / LINE);
  return (
    <div
      class="hex mono"
      data-marked={marked?.join("-")}
      onClick={({ target }) => {
        const at = target instanceof Element ? target.getAttribute("data-at") : null;
        if (at !== null) onByte(Number(at));
      }}
    >
      {Array.from(
        { length: lines },
        (_, line) => <Line key={line} data={data} from={line * LINE} marked={marked} />,
      )}
      {shown < data.length && (
        <button type="button" class="button" onClick={() => showAll(true)}>
          {`All ${data.length.toLocaleString("en-US")} bytes`}
        </button>
      )}
    </div>
  );
}

function Line({ data, from, marked }: Pick<HexBytesProps, "data" | "marked"> & { from: number }) {
  const offsets = Array.from({ length: Math.min(LINE, data.length - from) }, (_, i) => from + i);
  const isMarked = (at: number) => marked !== undefined && at >= marked[0] && at < marked[1];
  const byte = (at: number, text: string) => (
    <span key={at} data-at={at} class={isMarked(at) ? "marked" : undefined}>{text}</span>
  );
  return (
    <div class="hex-line">
      <span class="hex-offset">{from.toString(16).padStart(4, "0")}</span>
      <span class="hex-bytes">
        {offsets.map((at) => byte(at, data[at].toString(16).padStart(2, "0")))}
      </span>
      <span class="hex-text">
        {offsets.map((at) => byte(at, characterOf(data[at])))}
      </span>
    </div>
  );
}

const characterOf = (byte: number) => byte > 32 && byte < 127 ? String.fromCharCode(byte) : "·";
