/**
 * The page: `main.tsx` starts it, `app.tsx` is its frame, each view has a folder or a file, `data/` loads
 * runs from the server or from the page itself. Preact draws it. Imports `../model`. Texts of programs are
 * text nodes and attributes, never markup. `deno task page` bundles it into `../page/page.html`.
 *
 * @module
 */
import { render } from "preact";
import { App } from "./app.tsx";
import { openSource } from "./data/open_source.ts";

const root = document.getElementById("app")!;

openSource(document).then(
  (source) => render(<App source={source} />, root),
  (error) => {
    root.textContent = `This page cannot be shown: ${error.message}`;
  },
);
