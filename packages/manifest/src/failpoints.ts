/** Both sides of every durable step that the manifest takes; a test walks them all. */
export const MANIFEST_FAILPOINTS = [
  /** A group of batches is about to become a record. */
  'manifest.commit.before',
  /** Inside the transaction: the record and its effects are written, not yet durable. */
  'manifest.commit.inside',
  /** Durable and applied; nobody has been told. */
  'manifest.commit.after',
  'files.write.before',
  /** The pending row is durable, no byte of the file is. */
  'files.write.pending',
  /** The bytes are durable, the file is not listed. */
  'files.write.stored',
  'files.write.listed',
  'eraser.doom.before',
  'eraser.doom.after',
  'eraser.delete.before',
  /** The bytes are gone, the key is still doomed. */
  'eraser.delete.after',
  'eraser.erased.after',
  /** This process's lock is written, it does not have its name yet. */
  'start.lock.before',
  'start.lock.after',
  'start.node.before',
  'start.node.after',
  /** The store is open; it is not this process's own yet. */
  'start.life.before',
  'start.life.after',
  /** The manifest knows the identity that it will give to its store. */
  'start.identity.before',
  /** The store has it; the manifest does not know yet that it does. */
  'start.identity.written',
  'start.identity.after',
  'owner.record.before',
  'owner.record.after',
  'acknowledge.before',
  /** The manifest knows that it is the one to go by, the store does not. */
  'acknowledge.after',
  /** The disk is full; the reserve file is about to go. */
  'reserve.release.before',
  'reserve.release.after',
  /** There is room again for the reserve file. */
  'reserve.build.before',
  'reserve.build.after',
  /** Whether this life has ended is about to be written down. */
  'mark.open.before',
  'mark.open.after',
  'mark.closed.before',
  'mark.closed.after',
  'recovery.before',
  'recovery.after',
  /** The journal is about to become this process's own. */
  'journal.open.before',
  'journal.open.after',
  'journal.run.before',
  'journal.run.after',
  'journal.spool.before',
  'journal.spool.after',
  'journal.plan.before',
  'journal.plan.after',
  'journal.remove.before',
  /** The plan is unknown, its items are there. */
  'journal.remove.unlisted',
  'journal.remove.after',
  'journal.compact.before',
  /** The copy is durable, nothing was renamed. */
  'journal.compact.copied',
  /** The original stands aside, nothing has its name. */
  'journal.compact.aside',
  /** The copy has the name, the original is still there. */
  'journal.compact.replaced',
  'journal.compact.after',
  /** Some of the oldest records of the log are about to go. */
  'log.truncate.before',
  /** They are gone and the floor is above them, durably. */
  'log.truncate.after',
] as const

declare module '@holdfast/core' {
  interface Failpoints extends Record<(typeof MANIFEST_FAILPOINTS)[number], true> {}
}
