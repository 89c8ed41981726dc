/** What the command's exit codes say. Stable between majors; `docs/command.md` has them for users. */
export const EXIT = {
  /** Done, also when there was nothing to do. */
  ok: 0,
  /** It failed, or a check has found something. */
  failed: 1,
  /** It was called in a way that it does not know. */
  usage: 2,
  /** It was refused, and nothing was changed: a limit, a role, a hold, somebody else's lock, a no at the question. */
  refused: 3,
  /** A run was ended before it was through; what it had done stays done. */
  aborted: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
