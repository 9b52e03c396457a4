/** The JSON Schema of simulation files. */
export function simulationJsonSchema(): Record<string, unknown> {
  return { title: "simulation" };
}

/** The JSON Schema of topology files. */
export function topologyJsonSchema(): Record<string, unknown> {
  return { title: "topology" };
}
