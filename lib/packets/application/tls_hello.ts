import { type FieldReader, hexed, named } from "../network/reader.ts";
import { TLS_CIPHERS, TLS_EXTENSIONS, TLS_GROUPS, TLS_VERSIONS } from "./tls_names.ts";

const SNI = 0;
const GROUPS = 10;
const ALPN = 16;
const VERSIONS = 43;

const showVersion = named(TLS_VERSIONS, hexed(4));
const showCipher = named(TLS_CIPHERS, hexed(4));

/**
 * Reads a ClientHello or ServerHello, and returns what it asks for or chooses.
 *
 * Source: RFC 8446 4.1, RFC 6066 3, RFC 7301.
 */
export function decodeHello(part: FieldReader, isClient: boolean): string {
  const said: string[] = [];
  part.u16("Version", showVersion);
  part.hex("Random", 32);
  lengthed(part, 1, "Session ID", (id) => id.more ? id.hex("Value", id.left) : "none");
  if (isClient) {
    lengthed(part, 2, "Cipher suites", (suites) => {
      const count = suites.left >> 1;
      while (suites.left >= 2) suites.u16("Cipher suite", showCipher);
      return String(count);
    });
    lengthed(part, 1, "Compression methods", (methods) => methods.rest("Methods"));
  } else {
    part.u16("Cipher suite", showCipher);
    part.u8("Compression method");
  }
  if (part.more) {
    lengthed(part, 2, "Extensions", (extensions) => {
      while (extensions.more) decodeExtension(extensions, isClient, said);
    });
  }
  return said.join(", ");
}

/** Reads what has its length, of so many bytes, before it. */
function lengthed(
  part: FieldReader,
  bytes: number,
  label: string,
  read: (content: FieldReader) => string | void,
): void {
  part.open(label, (all) => {
    const length = all.uint(bytes, "Length");
    const start = all.at;
    const content = all.part(start, start + length);
    const value = read(content);
    all.nodes.push(...content.nodes);
    if (all.has(length)) all.at = start + length;
    return value;
  });
}

function decodeExtension(extensions: FieldReader, isClient: boolean, said: string[]): void {
  const type = extensions.bytes[extensions.at] << 8 | Math.max(0, extensions.peek(1));
  extensions.open(TLS_EXTENSIONS[type] ?? "Extension", (extension) => {
    extension.u16("Type", named(TLS_EXTENSIONS));
    const length = extension.u16("Length");
    let value: string | undefined;
    if (length > 0) {
      extension.group("Value", length, (content) => {
        value = decodeValue(content, type, isClient, said);
        content.rest("Content");
      });
    }
    return value;
  });
}

function decodeValue(
  content: FieldReader,
  type: number,
  isClient: boolean,
  said: string[],
): string | undefined {
  if (type === SNI && isClient) {
    let name = "";
    content.u16("List length");
    const kind = content.u8("Name type", named({ 0: "host name" }));
    const length = content.u16("Name length");
    if (kind === 0) name = content.text("Name", length);
    if (name) said.push(`SNI=${name}`);
    return name;
  }
  if (type === ALPN) {
    const names: string[] = [];
    content.u16("List length");
    while (content.more) names.push(content.text("Protocol", content.u8("Length")));
    const value = names.join(", ");
    if (value) said.push(`ALPN=${names.join(",")}`);
    return value;
  }
  if (type === VERSIONS) {
    const versions: string[] = [];
    if (isClient) content.u8("List length");
    while (content.left >= 2) {
      const version = content.u16("Version", showVersion);
      versions.push(TLS_VERSIONS[version] ?? hexed(4)(version));
    }
    return versions.join(", ");
  }
  if (type === GROUPS) {
    const groups: string[] = [];
    content.u16("List length");
    while (content.left >= 2) {
      const group = content.u16("Group", named(TLS_GROUPS, hexed(4)));
      groups.push(TLS_GROUPS[group] ?? hexed(4)(group));
    }
    return groups.join(", ");
  }
  return undefined;
}
