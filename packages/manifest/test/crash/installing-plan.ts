/** Records that the second node has when it is left behind, and that the first one has then. */
export const BEFORE = 3
export const AFTER = 900
