import { linkEngineHere } from "../../lib/lab/link/choose_engine.ts";
import { missingForNetem } from "../../lib/host/netem_probe.ts";
import { conditionSuite } from "./condition_suite.ts";

conditionSuite("emulator");
// The host's default is netem, if it has it.
if (linkEngineHere("auto") === "netem") conditionSuite("netem");
else console.log(`netem: not run, for this host lacks ${missingForNetem().join(", ") || "tc"}`);
