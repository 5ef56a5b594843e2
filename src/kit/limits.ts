/** The limits of one request and its reply. Each of them is a setting. */
export interface Limits {
  /** Vertices of all areas of one request together. */
  maxVertices: number;
  /** Faults that one error lists. */
  maxFaults: number;
  /** Characters of a name or value that an error shows. */
  maxNameLength: number;
}
