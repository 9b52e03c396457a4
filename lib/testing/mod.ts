/**
 * Helpers for test suites.
 *
 * @module
 */
export { labTest, type LabTestFunction, type LabTestOptions } from "./lab_test.ts";
export { type WaitOptions, waitUntil } from "./wait_until.ts";
export { type FixtureTestFunction, type LabFixture, labFixture } from "./lab_fixture.ts";
