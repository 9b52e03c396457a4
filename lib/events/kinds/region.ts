import { own, refuse, requireSameName } from "../draft.ts";
import defer * as part from "../schema_parts.ts";
import type { LabState } from "../states/lab.ts";
import { regionLinkLimitsSchema, type RegionLinkState, regionSchema } from "../states/region.ts";
import { conditionText } from "../text.ts";
import { type EventRows, LAB } from "./row.ts";

/** The names of the two regions of a link; `a` comes first in the alphabet. */
interface Pair {
  a: string;
  b: string;
}

/** Regions and the links between them. */
export const REGION_EVENTS = {
  "region-added": {
    schema: () => ({ name: part.text, region: regionSchema() }),
    apply(draft, { name, region }) {
      requireSameName(name, region);
      if (own(draft.regions, name)) refuse(`there is a region "${name}" already`);
      draft.regions[name] = region;
    },
    text: ({ name, region }) => [region.node, `region ${name} added: ${region.cidr}`],
  },

  "region-removed": {
    schema: () => ({ name: part.text }),
    apply(draft, { name }) {
      requireRegion(draft, name);
      delete draft.regions[name];
      for (const [key, { a, b }] of Object.entries(draft.regionLinks)) {
        if (a === name || b === name) delete draft.regionLinks[key];
      }
    },
    text: ({ name }) => [LAB, `region ${name} removed`],
  },

  "region-linked": {
    schema: () => ({ a: part.text, b: part.text, link: regionLinkLimitsSchema() }),
    apply(draft, { a, b, link }) {
      requireRegion(draft, a);
      requireRegion(draft, b);
      if (a >= b) refuse(`"${a}" does not come before "${b}"`);
      const key = keyOf({ a, b });
      const up = own(draft.regionLinks, key)?.up ?? true;
      draft.regionLinks[key] = { a, b, link, up };
    },
    text: (
      { a, b, link },
    ) => [LAB, `regions ${a} and ${b} linked, condition: ${conditionText(link)}`],
  },

  "region-unlinked": {
    schema: () => ({ a: part.text, b: part.text }),
    apply(draft, pair) {
      findLink(draft, pair);
      delete draft.regionLinks[keyOf(pair)];
    },
    text: ({ a, b }) => [LAB, `link between regions ${a} and ${b} removed`],
  },

  "region-link-broken": {
    schema: () => ({ a: part.text, b: part.text }),
    apply: (draft, pair) => setUp(draft, pair, false),
    text: ({ a, b }) => [LAB, `link between regions ${a} and ${b} broken`],
  },

  "region-link-restored": {
    schema: () => ({ a: part.text, b: part.text }),
    apply: (draft, pair) => setUp(draft, pair, true),
    text: ({ a, b }) => [LAB, `link between regions ${a} and ${b} restored`],
  },
} satisfies Partial<EventRows>;

const keyOf = ({ a, b }: Pair) => `${a} ${b}`;

function requireRegion(draft: LabState, name: string): void {
  if (!own(draft.regions, name)) refuse(`there is no region "${name}"`);
}

function findLink(draft: LabState, pair: Pair): RegionLinkState {
  return own(draft.regionLinks, keyOf(pair)) ??
    refuse(`the regions "${pair.a}" and "${pair.b}" have no link`);
}

function setUp(draft: LabState, pair: Pair, up: boolean): void {
  draft.regionLinks[keyOf(pair)] = { ...findLink(draft, pair), up };
}
