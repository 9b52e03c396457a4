import { fail, mustMatch, own } from "./draft.ts";
import type { LabEvent, LabState, RegionLinkState } from "./types.ts";

/** What happens to regions and to the links between them. */
export function applyToRegions(
  draft: LabState,
  event: LabEvent<
    | "region-added"
    | "region-removed"
    | "region-linked"
    | "region-unlinked"
    | "region-link-broken"
    | "region-link-restored"
  >,
): void {
  switch (event.kind) {
    case "region-added":
      mustMatch(event, event.name, event.region.name);
      if (own(draft.regions, event.name)) {
        fail(event, `there is a region "${event.name}" already`);
      }
      draft.regions[event.name] = event.region;
      return;
    case "region-removed":
      mustBeRegion(draft, event, event.name);
      delete draft.regions[event.name];
      for (const [key, { a, b }] of Object.entries(draft.regionLinks)) {
        if (a === event.name || b === event.name) delete draft.regionLinks[key];
      }
      return;
    case "region-linked": {
      const { a, b, link } = event;
      mustBeRegion(draft, event, a);
      mustBeRegion(draft, event, b);
      if (a >= b) fail(event, `"${a}" does not come before "${b}"`);
      const up = own(draft.regionLinks, keyOf(event))?.up ?? true;
      draft.regionLinks[keyOf(event)] = { a, b, link, up };
      return;
    }
    case "region-unlinked":
      linkOf(draft, event);
      delete draft.regionLinks[keyOf(event)];
      return;
    case "region-link-broken":
    case "region-link-restored": {
      const up = event.kind === "region-link-restored";
      draft.regionLinks[keyOf(event)] = { ...linkOf(draft, event), up };
      return;
    }
    default:
      event satisfies never;
  }
}

const keyOf = ({ a, b }: { a: string; b: string }) => `${a} ${b}`;

function mustBeRegion(draft: LabState, event: LabEvent, name: string): void {
  if (!own(draft.regions, name)) fail(event, `there is no region "${name}"`);
}

function linkOf(draft: LabState, event: LabEvent & { a: string; b: string }): RegionLinkState {
  return own(draft.regionLinks, keyOf(event)) ??
    fail(event, `the regions "${event.a}" and "${event.b}" have no link`);
}
