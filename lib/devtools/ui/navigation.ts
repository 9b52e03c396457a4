import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { parseRoute, type Route, routeHash, VIEWS } from "../model/route.ts";

/** Where the page is, and how it goes elsewhere. */
export interface Navigation {
  route: Route;
  /** Changes some options of the place; empty ones are removed. `replace` adds nothing to the history. */
  set(options: Record<string, string>, replace?: boolean): void;
}

/** The navigation of the page. */
export const NavigationContext = createContext<Navigation>(undefined!);

/** The navigation, in a component. */
export const useNavigation = (): Navigation => useContext(NavigationContext);

/** Browsers ignore addresses that change hundreds of times in a few seconds, as under a slider. */
const ADDRESS_MS = 120;

/** Follows the address of the page. */
export function useRoute(): Navigation {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  const current = useRef(route);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const show = (next: Route) => {
    current.current = next;
    setRoute(next);
  };
  useEffect(() => {
    const follow = () => {
      clearTimeout(timer.current);
      show(parseRoute(location.hash));
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const set = (options: Record<string, string>, replace = false) => {
    const { current: now } = current;
    const next = { ...now, options: { ...now.options, ...options } };
    clearTimeout(timer.current);
    if (!replace) go(routeHash(next));
    else {
      // Unless the reader has gone elsewhere in the meantime.
      const { hash } = location;
      timer.current = setTimeout(
        () => location.hash === hash && go(routeHash(next), true),
        ADDRESS_MS,
      );
    }
    show(next);
  };
  return { route, set };
}

/** Goes to a place of the page. */
export function go(hash: string, replace = false): void {
  if (hash === location.hash) return;
  if (replace) history.replaceState(null, "", hash);
  else location.hash = hash;
}

/** The address of a view of a run; the moment and the node stay, if they are given. */
export function viewHash(
  run: string,
  view: typeof VIEWS[number],
  options: Record<string, string> = {},
): string {
  return routeHash({ run, invocation: null, view, options });
}

/** The address of two runs side by side. */
export function compareHash(a: string, b: string): string {
  return routeHash({ run: null, invocation: null, compare: [a, b], view: "compare", options: {} });
}

/** Whether a key is typed into a field. */
const isTyping = (event: KeyboardEvent) =>
  event.target instanceof HTMLElement &&
  event.target.matches("input, textarea, select, [contenteditable]");

/** Calls a function for keys that are pressed outside of fields, without Ctrl, Alt or Meta. */
export function useKeys(act: (key: string, event: KeyboardEvent) => boolean | void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
      if (isTyping(event)) {
        if (event.key === "Escape") (event.target as HTMLElement).blur();
        return;
      }
      if (act(event.key, event)) event.preventDefault();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  });
}
