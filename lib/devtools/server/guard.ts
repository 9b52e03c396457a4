import { timingSafeEqual } from "node:crypto";

/** Addresses of this host that only its own programs reach. */
export function isLoopback(address: string): boolean {
  return address === "::1" || address === "localhost" || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/** Splits `127.0.0.1:7421` or `[::1]:7421`; undefined if it is neither. */
export function parseBind(text: string): { hostname: string; port: number } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return undefined;
  return { hostname: match[1] ?? match[2], port };
}

/** What a server accepts. */
export interface GuardOptions {
  /** The address that it is bound to. */
  hostname: string;
  /** The secret that every request must have; undefined for none. */
  token: string | undefined;
}

/** The name of the cookie with the token. */
export const TOKEN_COOKIE = "netyard_token";

/**
 * Returns why a request is refused; undefined if it is not. A page of another site that lets its name point
 * to this address (DNS rebinding) sends its own name as `Host`: that must be the address itself or
 * `localhost`. With a token, the name may be any, for the other site does not have the token.
 */
export function refusal(
  request: Pick<Request, "method" | "headers" | "url">,
  { hostname, token }: GuardOptions,
): { status: number; message: string } | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { status: 405, message: "only GET: this server changes nothing" };
  }
  if (token === undefined) {
    const host = hostOf(request.headers.get("host") ?? "");
    if (!isLoopback(host) && host !== hostname) {
      return { status: 403, message: "this name is not served; use localhost or the address" };
    }
  } else if (!hasToken(request, token)) {
    return { status: 401, message: "open the address with ?token=… that the command printed" };
  }
  const site = request.headers.get("sec-fetch-site");
  const isNavigation = request.headers.get("sec-fetch-mode") === "navigate";
  if (site === "cross-site" && !isNavigation) {
    return { status: 403, message: "not for pages of other sites" };
  }
  return undefined;
}

/** The name or address of a Host header, without the port. */
function hostOf(header: string): string {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*))(?::\d+)?$/.exec(header);
  return (match?.[1] ?? match?.[2] ?? "").toLowerCase();
}

function hasToken(request: Pick<Request, "headers" | "url">, token: string): boolean {
  const given = [
    new URL(request.url).searchParams.get("token"),
    /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1],
    ...(request.headers.get("cookie") ?? "").split(/;\s*/).map((pair) => {
      const [name, value] = pair.split("=", 2);
      return name === TOKEN_COOKIE ? value : undefined;
    }),
  ];
  return given.some((each) => typeof each === "string" && same(each, token));
}

function same(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => new TextEncoder().encode(text));
  return x.length === y.length && timingSafeEqual(x, y);
}

/** Headers of every answer; `scripts` and `styles` are the hashes of the page's own. */
export function safeHeaders(policy = "default-src 'none'"): Record<string, string> {
  return {
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
  };
}
