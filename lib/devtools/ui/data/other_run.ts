import { useEffect, useState } from "preact/hooks";
import { useObserved } from "./observed.ts";
import { RunModel } from "./run_model.ts";
import type { Source } from "./source.ts";

/** A run beside the one that is shown; undefined until it is opened. */
export function useOtherRun(source: Source, id: string | null): RunModel | undefined {
  const [run, setRun] = useState<RunModel>();
  useEffect(() => {
    if (id === null) return setRun(undefined);
    const model = new RunModel(source, id);
    setRun(model);
    return () => model.close();
  }, [source, id]);
  const current = run?.id === id ? run : undefined;
  useObserved(current);
  return current;
}
