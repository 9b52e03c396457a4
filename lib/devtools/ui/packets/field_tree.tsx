import { pathParts } from "../../model/packets/words.ts";
import type { FieldNode } from "../../model/types.ts";

/** The fields of a packet. */
export interface FieldTreeProps {
  nodes: readonly FieldNode[];
  /** The path of the chosen field; empty for none. */
  chosen: string;
  /** The paths whose fields are shown. */
  open: ReadonlySet<string>;
  onChoose(path: string): void;
  onToggle(path: string): void;
}

/** The fields of a packet as a tree: one is chosen, and its bytes are marked. */
export function FieldTree(props: FieldTreeProps) {
  return (
    <div class="fields" role="tree" aria-label="Fields">
      <Level {...props} depth={0} parent="" />
    </div>
  );
}

function Level(
  { depth, parent, ...props }: FieldTreeProps & { depth: number; parent: string },
) {
  const parts = pathParts(props.nodes);
  return (
    <>
      {props.nodes.map((node, i) => {
        const path = parent === "" ? parts[i] : `${parent}/${parts[i]}`;
        const { label, value, children = [] } = node;
        const isOpen = props.open.has(path);
        return (
          <>
            <button
              key={path}
              type="button"
              role="treeitem"
              class={`field-row ${depth === 0 ? "top-field" : ""}`}
              style={{ paddingLeft: `${4 + depth * 12}px` }}
              aria-selected={path === props.chosen}
              aria-expanded={children.length > 0 ? isOpen : undefined}
              aria-level={depth + 1}
              data-field={path}
              onClick={() => {
                props.onChoose(path);
                if (children.length > 0) props.onToggle(path);
              }}
            >
              <span class="fold" aria-hidden="true">
                {children.length === 0 ? "" : isOpen ? "▾" : "▸"}
              </span>
              <span class="field-text">
                <span class="field-label">{label}</span>
                {value !== undefined && <span class="field-value">{value}</span>}
              </span>
            </button>
            {isOpen && children.length > 0 && (
              <Level {...props} nodes={children} depth={depth + 1} parent={path} />
            )}
          </>
        );
      })}
    </>
  );
}
