/** Saves bytes as a file of the reader. */
export function save(content: Uint8Array<ArrayBuffer> | Blob, name: string): void {
  const blob = content instanceof Blob
    ? content
    : new Blob([content], { type: "application/x-pcapng" });
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  // Labels may have any characters.
  link.download = name.replace(/[^\w. -]+/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
