/** A table in a container, as a text. */
export interface Member {
  /** Its name in the container; empty if the container is the table itself. */
  name: string;
  /** Undefined: the text itself tells its form. */
  contentType: string | undefined;
  /** The bytes of its text, from the start. */
  open: () => AsyncIterable<Buffer>;
}
