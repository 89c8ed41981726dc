/** Why the times of a file are not known, in the metric and in the log. */
export type Unknown =
  /** It does not end as a Parquet file does: cut off, encrypted as a whole, or none. */
  | 'not_parquet'
  /** Its footer says that it is longer than the file, or cannot be read. */
  | 'footer_damaged'
  /** Its footer is longer than 16 MiB, or has more than a million parts. */
  | 'footer_too_large'
  /** It has no rows, and so no newest one. */
  | 'no_rows'
  /** It has no column of that name at its top, or several. */
  | 'no_column'
  /** The column is no time, or a time of which nobody has said how to read it. */
  | 'column_type'
  /** A row group does not say what its oldest and newest row are. */
  | 'no_statistics'
  /** Some rows have no time, or it is not said that all have one. */
  | 'nulls'
  /** The footer contradicts itself, or has times that cannot be. */
  | 'implausible'

/** Ends the reading of a file whose times cannot be known. */
export class NotKnown extends Error {
  readonly why: Unknown

  constructor(why: Unknown, cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause })
    this.why = why
  }
}
