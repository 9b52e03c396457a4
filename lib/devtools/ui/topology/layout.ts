/**
 * The drawing of a topology: where nodes are (`layout.ts`, pure), and how nodes, links and the panel of a
 * node look. Imports `../parts` and `../../model`. Begin here.
 *
 * @module
 */
// @ts-types="@types/d3-hierarchy"
import { hierarchy, type HierarchyNode, tree } from "d3-hierarchy";
import type { Graph, GraphLink, GraphNode } from "../../model/graph.ts";

/** The size of a node, and the space between nodes. */
export const NODE = { width: 172, height: 46 };
const GAP = { x: 26, y: 76 };
const GRID_GAP = { x: 14, y: 34 };

/** Leaves of one parent that stand in a row; more of them stand in a grid. */
const ROW = 6;

/** A drawing that is so much wider than high is folded. */
const WIDEST = 4.5;

/** Where the nodes are: the middle of the upper edge of each, by ID. */
export interface Layout {
  places: ReadonlyMap<string, { x: number; y: number }>;
  width: number;
  height: number;
  left: number;
  top: number;
}

/** A node, or leaves of one parent that stand in a grid. */
interface Item {
  id: string;
  /** The nodes of a grid. */
  grid: string[];
  children: Item[];
  /** Continues a grid that is higher than a level, so that nothing is drawn below it. */
  filler: boolean;
}

/** What decides about a layout: where it is unchanged, so is the layout. */
export function structureOf({ nodes, links }: Graph): string {
  const parents = new Map(links.filter(({ primary }) => primary).map(({ from, to }) => [from, to]));
  return nodes.map(({ id }) => `${id}>${parents.get(id) ?? ""}`).join("\n");
}

/** Places the nodes of a graph: a tree from the top to the bottom, with grids of leaves. */
export function layoutOf({ nodes, links }: Graph): Layout {
  const root = treeOf(nodes, links);
  const places = new Map<string, { x: number; y: number }>();
  const drawn = treePlaces(root, places);
  if (drawn.width > drawn.height * WIDEST && nodes.length > 12) {
    places.clear();
    foldedPlaces(root, places);
  }
  return bounds(places);
}

function treeOf(nodes: readonly GraphNode[], links: readonly GraphLink[]): Item {
  const parents = new Map<string, string>();
  for (const { primary, from, to } of links) if (primary && from !== to) parents.set(from, to);
  const known = new Set(nodes.map(({ id }) => id));
  const children = new Map<string, string[]>();
  const roots: string[] = [];
  for (const { id } of nodes) {
    const parent = parents.get(id);
    if (parent === undefined || !known.has(parent) || isCycle(id, parents)) roots.push(id);
    else children.set(parent, [...children.get(parent) ?? [], id]);
  }
  const build = (id: string): Item => {
    const all = children.get(id) ?? [];
    const leaves = all.filter((each) => !children.has(each));
    const others = all.filter((each) => children.has(each));
    const grid = leaves.length > ROW ? [gridOf(leaves)] : leaves.map(build);
    return { id, grid: [], children: [...others.map(build), ...grid], filler: false };
  };
  return { id: "", grid: [], children: roots.map(build), filler: false };
}

/** Routers that are upstream of each other have no place in a tree. */
function isCycle(id: string, parents: ReadonlyMap<string, string>): boolean {
  let at = parents.get(id);
  for (let steps = 0; at !== undefined && steps < 1_000; steps++) {
    if (at === id) return true;
    at = parents.get(at);
  }
  return at !== undefined;
}

function gridOf(leaves: string[]): Item {
  const rows = Math.ceil(leaves.length / columnsOf(leaves));
  const height = rows * (NODE.height + GRID_GAP.y);
  let levels = Math.ceil(height / (NODE.height + GAP.y)) - 1;
  let below: Item[] = [];
  for (; levels > 0; levels--) below = [{ id: "", grid: leaves, children: below, filler: true }];
  return { id: "", grid: leaves, children: below, filler: false };
}

const columnsOf = (leaves: readonly string[]) =>
  Math.min(12, Math.max(3, Math.ceil(Math.sqrt(leaves.length / 1.6))));

function widthOf({ grid }: Item): number {
  if (grid.length === 0) return NODE.width;
  const columns = columnsOf(grid);
  return columns * NODE.width + (columns - 1) * GRID_GAP.x;
}

type Places = Map<string, { x: number; y: number }>;

function treePlaces(root: Item, places: Places): { width: number; height: number } {
  const top = tree<Item>().nodeSize([1, NODE.height + GAP.y])
    .separation((a, b) => (widthOf(a.data) + widthOf(b.data)) / 2 + GAP.x)(hierarchy(root));
  top.each(({ data, x, y }) => {
    if (!data.filler) put(data, x, y - NODE.height - GAP.y, places);
  });
  return bounds(places);
}

function put({ id, grid }: Item, x: number, y: number, places: Places): void {
  if (id !== "") places.set(id, { x, y });
  const columns = columnsOf(grid);
  grid.forEach((leaf, i) => {
    const column = i % columns - (Math.min(columns, grid.length) - 1) / 2;
    places.set(leaf, {
      x: x + column * (NODE.width + GRID_GAP.x),
      y: y + Math.floor(i / columns) * (NODE.height + GRID_GAP.y),
    });
  });
}

/** The size of a subtree, and where its children are in it. */
interface Box {
  width: number;
  height: number;
  children: { item: HierarchyNode<Item>; x: number; y: number }[];
}

/** Puts the subtrees of each node into rows, so that the drawing becomes about as high as it is wide. */
function foldedPlaces(root: Item, places: Places): void {
  const boxes = new Map<HierarchyNode<Item>, Box>();
  const top = hierarchy(root, ({ children }) => children.filter(({ filler }) => !filler));
  top.eachAfter((node) => boxes.set(node, boxOf(node, boxes)));
  const draw = (node: HierarchyNode<Item>, x: number, y: number) => {
    const box = boxes.get(node)!;
    const level = node.data.id === "" && node.data.grid.length === 0 ? 0 : NODE.height + GAP.y;
    put(node.data, x + box.width / 2, y, places);
    for (const child of box.children) draw(child.item, x + child.x, y + level + child.y);
  };
  draw(top, 0, 0);
}

function boxOf(node: HierarchyNode<Item>, boxes: Map<HierarchyNode<Item>, Box>): Box {
  const { data } = node;
  const rows = data.grid.length === 0 ? 1 : Math.ceil(data.grid.length / columnsOf(data.grid));
  const own = { width: widthOf(data), height: rows * (NODE.height + GRID_GAP.y) - GRID_GAP.y };
  const items = node.children ?? [];
  if (items.length === 0) return { ...own, children: [] };
  const sizes = items.map((item) => boxes.get(item)!);
  const area = sizes.reduce(
    (sum, { width, height }) => sum + (width + GAP.x) * (height + GAP.y),
    0,
  );
  const widest = Math.max(Math.sqrt(area * 1.7), ...sizes.map(({ width }) => width));
  const children: Box["children"] = [];
  let [x, y, high, width] = [0, 0, 0, 0];
  items.forEach((item, i) => {
    const size = sizes[i];
    if (x > 0 && x + size.width > widest) [x, y, high] = [0, y + high + GAP.y, 0];
    children.push({ item, x, y });
    x += size.width + GAP.x;
    high = Math.max(high, size.height);
    width = Math.max(width, x - GAP.x);
  });
  const shift = Math.max(0, (own.width - width) / 2);
  for (const child of children) child.x += shift;
  return {
    width: Math.max(own.width, width),
    height: y + high + NODE.height + GAP.y,
    children,
  };
}

function bounds(places: Places): Layout {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of places.values()) {
    left = Math.min(left, x - NODE.width / 2);
    right = Math.max(right, x + NODE.width / 2);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + NODE.height);
  }
  if (places.size === 0) [left, top, right, bottom] = [0, 0, 1, 1];
  return { places, left, top, width: right - left, height: bottom - top };
}
