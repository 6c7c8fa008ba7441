/** A sentence for people about an interface or address that is left out or needs looking at. */
export interface Note {
  /** A conflict is an error; a skip that somebody asked for or that is harmless, a reason. */
  readonly kind: "conflict" | "warning" | "reason";
  readonly text: string;
}
