import { assertEquals } from "@std/assert";
import { xmlDocument } from "../../../lib/sim/report/xml.ts";

Deno.test("elements are indented, and text keeps its lines", () => {
  assertEquals(
    xmlDocument({
      name: "a",
      children: [
        { name: "b", attributes: { n: 1, left: undefined } },
        { name: "c", children: ["one\n two"] },
      ],
    }),
    '<?xml version="1.0" encoding="UTF-8"?>\n<a>\n  <b n="1"/>\n  <c><![CDATA[one\n two]]></c>\n</a>\n',
  );
});

Deno.test("attributes and text are escaped, and what XML cannot contain is left out", () => {
  const text = "<&\"'>\n\x00\ud800😀]]>";
  assertEquals(
    xmlDocument({ name: "a", attributes: { text }, children: [text] }).split("\n").slice(1),
    [
      `<a text="&lt;&amp;&quot;'>&#xA;😀]]>"><![CDATA[<&"'>`,
      "😀]]]]><![CDATA[>]]></a>",
      "",
    ],
  );
});
