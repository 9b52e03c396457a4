/** An interface, or the link of two regions: up as requested, unless a fault holds it down. */
export interface Holdable {
  /** Whether it is up in effect. */
  up: boolean;
  requestedUp: boolean;
  /** The faults that hold it down. */
  heldDown: Set<object>;
}

/** Brings a change to the kernel, sets `up`, and emits the event. */
type Apply = (up: boolean) => void;

/** Requests up or down; it stays down while a fault holds it down. Undone on failure. */
export function requestUp(of: Holdable, up: boolean, apply: Apply): void {
  const before = of.requestedUp;
  of.requestedUp = up;
  try {
    update(of, apply);
  } catch (error) {
    of.requestedUp = before;
    throw error;
  }
}

/** Holds it down for a fault. Undone on failure. */
export function holdDown(of: Holdable, fault: object, apply: Apply): void {
  of.heldDown.add(fault);
  try {
    update(of, apply);
  } catch (error) {
    of.heldDown.delete(fault);
    throw error;
  }
}

/** Ends the hold of a fault. */
export function releaseHold(of: Holdable, fault: object, apply: Apply): void {
  if (of.heldDown.delete(fault)) update(of, apply);
}

function update(of: Holdable, apply: Apply): void {
  const up = of.requestedUp && of.heldDown.size === 0;
  if (up !== of.up) apply(up);
}
