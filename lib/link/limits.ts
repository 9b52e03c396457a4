/** The longest delay: more than that of any link, and still within the capacity of the queues. */
export const MAX_DELAY_MS = 60_000;
