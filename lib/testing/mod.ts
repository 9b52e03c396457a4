/**
 * Helpers for test suites: a lab for one test, a lab that the tests of a file share, and waiting for a
 * condition. Imports `lab` and `node`. Begin with `lab_test.ts`.
 *
 * @module
 */
export { InconclusiveError } from "./inconclusive.ts";
export { labTest, type LabTestFunction, type LabTestOptions } from "./lab_test.ts";
export { type WaitOptions, waitUntil } from "./wait_until.ts";
export { type FixtureTestFunction, type LabFixture, labFixture } from "./lab_fixture.ts";
