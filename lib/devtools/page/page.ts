import page from "./page.html" with { type: "text" };

/** The page: one file of HTML with its script and styles, built from `../ui` by `deno task page`. */
export const PAGE: string = page;
