/** Something that must never be, was. */
export class Violation extends Error {
  override readonly name = 'Violation'
}
