import { router, setInterface } from "./draft.ts";
import type { BrokenFamiliesState, LabEvent, LabState } from "./types.ts";

/** Breaks or mends an address family, of a router or of an interface. */
export function setBroken(draft: LabState, event: LabEvent<"family-broken">): void {
  const { node, name } = event;
  if (name !== null) return setInterface(draft, { ...event, name }, (old) => changed(old, event));
  draft.routers[node] = changed(router(draft, event, node), event);
}

function changed<T extends { brokenFamilies?: BrokenFamiliesState }>(
  old: T,
  { family, how }: LabEvent<"family-broken">,
): T {
  const { [family]: _, ...others } = old.brokenFamilies ?? {};
  const brokenFamilies = how === null ? others : { ...others, [family]: how };
  const { brokenFamilies: __, ...bare } = old;
  return (Object.keys(brokenFamilies).length > 0 ? { ...bare, brokenFamilies } : bare) as T;
}
