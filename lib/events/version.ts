/**
 * The version of the events and states that this Netyard writes. Raise it for a change after which a
 * later Netyard could not read what an earlier one wrote: a field that is removed, changes its meaning,
 * or is new and always present. New kinds and new optional fields do not raise it: a later Netyard
 * reads earlier runs, and an earlier one refuses an unknown kind or field by its name.
 */
export const EVENT_VERSION = 1;
