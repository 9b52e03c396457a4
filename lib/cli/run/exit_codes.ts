/**
 * The exit code of simulations that failed, all of them on a host that was too slow: `EX_TEMPFAIL` of
 * sysexits.h, for what may succeed when it is tried again.
 */
export const INCONCLUSIVE = 75;
