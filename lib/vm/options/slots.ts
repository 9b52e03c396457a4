/** How many NICs and disks can be plugged in; each additional slot makes a guest's boot slower. */
export const SLOTS = 8;
