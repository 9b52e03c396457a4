import { linkEngineHere } from "../../lib/host/link_engine.ts";
import { conditionSuite } from "./condition_suite.ts";

conditionSuite("emulator");
// What the host would choose by itself is netem, if it has it.
if (linkEngineHere("auto") === "netem") conditionSuite("netem");
