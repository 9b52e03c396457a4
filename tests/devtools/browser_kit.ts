// A browser for tests of the page: Debian's Chromium, driven by playwright-core.
import type { Browser, Page } from "playwright-core";
import { waitUntil } from "../../lib/testing/wait_until.ts";
import { findProgram } from "../../native/process/process.ts";

/** The path of the browser; undefined where there is none, and tests with it are ignored. */
export const CHROMIUM = findProgram("chromium");

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How a page is opened. */
export interface PageOptions {
  width?: number;
  height?: number;
  dark?: boolean;
}

/** A page of a browser of its own, and what went wrong in it. */
export interface OpenPage extends AsyncDisposable {
  page: Page;
  browser: Browser;
  /** Errors of the page's script and of its security policy. */
  faults: string[];
}

/** How long an assertion waits: two processors may be busy with other tests. */
export const PATIENCE_MS = 30_000;

/**
 * Loads playwright-core, when a test needs it. It looks for signs of WSL in /proc, which Deno allows with all
 * permissions alone; its own tests keep it from that with this variable.
 */
async function loadPlaywright(): Promise<typeof import("playwright-core")> {
  Deno.env.set("__IS_WSL_TEST__", "1");
  return await import("playwright-core");
}

/** Opens a page. */
export async function openPage(
  url: string,
  { width = 1280, height = 800, dark = false }: PageOptions = {},
): Promise<OpenPage> {
  const { chromium } = await loadPlaywright();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: 60_000 });
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
  });
  page.setDefaultTimeout(PATIENCE_MS);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  await page.goto(url);
  return { page, browser, faults, [Symbol.asyncDispose]: () => browser.close() };
}

/**
 * Waits until an expression is true in a page. Playwright's own `waitForFunction` evaluates it in a way that the
 * page's security policy forbids.
 */
export async function until(page: Page, expression: string): Promise<void> {
  await waitUntil(() => page.evaluate(expression), {
    timeoutMs: PATIENCE_MS,
    intervalMs: 30,
    what: expression,
  });
}

/** A test that needs the browser. Playwright keeps timers and pipes of its own. */
export function browserTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !CHROMIUM, sanitizeOps: false, sanitizeResources: false });
}
