/** The public suffix list as tldts keeps it. Its public functions find the suffix of a name, not the suffixes below one. */
declare module 'tldts/dist/cjs/src/data/trie.js' {
  /** By node: 1 ends a rule of the ICANN section, 2 one of the private section. */
  export const nodeFlags: Uint8Array;
  /** By node: its first edge; the next node's first edge ends it. */
  export const edgeStart: Uint16Array;
  /** By edge: length of its label in {@link labelText}, where labels follow one another in order of edges. */
  export const edgeLength: Uint8Array;
  export const edgeChild: Uint16Array;
  export const labelText: string;
  export const rulesRoot: number;
}
