/** What every log owes to its nodes. The titles of the suite's cases, and the words of its failures. */
export const LOG_LAWS = {
  isolation: 'the factory gives empty logs that share nothing',
  empty: 'an empty log begins at index 0 of term 0, and never signals a gap',
  dense: 'indexes are dense and terms never go back',
  compare: 'an append compares the whole head and nothing else',
  race: 'of several appends on one head exactly one is done',
  durable: 'what an append has answered is there, for everybody and after a restart',
  bytes: "records come back byte for byte and are nobody else's to change",
  size: 'a record of maxRecordBytes is taken, a larger one is refused',
  order: 'read gives everything behind a position, in order',
  pages: 'a page is bounded and never empty; one record is given whatever its size',
  gap: 'below the floor is HF_LOG_GAP with the floor, and exactly at it is no gap',
  unknownPosition: 'a position that the log does not know is HF_LOG_DIVERGED',
  terms: 'termAt answers from the floor to the head and for nothing else',
  truncation: 'truncation removes up to a position, never more, and leaves an anchor',
  following: 'follow gives what is there and then what comes, until its signal',
  cancellation: 'a signal that has fired ends the call with its reason, and nothing is done',
  sharing: 'a log that is not transactional is shared, and all its clients see one log',
  identity: 'a log keeps its id, and another log has another',
} as const
export type LogLaw = keyof typeof LOG_LAWS
