/** An XML element; a child that is a string is text. */
export interface XmlElement {
  name: string;
  /** The attributes; undefined ones are left out. */
  attributes?: Readonly<Record<string, string | number | undefined>>;
  children?: readonly (XmlElement | string)[];
}

/** Returns an XML document, indented by two spaces. Characters that XML cannot contain are left out. */
export function xmlDocument(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elementText(root, "")}`;
}

/** Text goes into CDATA on the line of its element, so that it has no indentation added. */
function elementText({ name, attributes = {}, children = [] }: XmlElement, indent: string): string {
  const pairs = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${attributeText(String(value))}"`]
  );
  const start = `${indent}<${name}${pairs.join("")}`;
  if (children.length === 0) return `${start}/>\n`;
  const hasText = children.some((child) => typeof child === "string");
  const content = children.map((child) =>
    typeof child === "string" ? cdata(child) : elementText(child, `${indent}  `)
  ).join("");
  return hasText ? `${start}>${content}</${name}>\n` : `${start}>\n${content}${indent}</${name}>\n`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  '"': "&quot;",
  // Parsers turn these into spaces in an attribute, unless they are escaped.
  "\t": "&#x9;",
  "\n": "&#xA;",
  "\r": "&#xD;",
};

function attributeText(text: string): string {
  return allowed(text).replace(/[&<"\t\n\r]/g, (character) => ESCAPES[character]);
}

/** `]]>` would end the section; it is split between two. */
function cdata(text: string): string {
  return `<![CDATA[${allowed(text).replaceAll("]]>", "]]]]><![CDATA[>")}]]>`;
}

function allowed(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what XML 1.0 excludes
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\p{Surrogate}\ufffe\uffff]/gu, "");
}
