/** A file's first line tells whether it is still as it was written: whatever a person has edited is the person's. */

const HEADER = /^# --install-unit replaces this file unless it was edited: sha256 ([0-9a-f]{64})\n/;

/** The text with such a line before it. */
export async function seal(text: string): Promise<string> {
  return `# --install-unit replaces this file unless it was edited: sha256 ${await sum(text)}\n${text}`;
}

/** What such a line says of its file: as it was written, edited since, or there is none. */
export async function standing(text: string): Promise<"ours" | "edited" | "foreign"> {
  const header = HEADER.exec(text);
  if (!header) return "foreign";
  return await sum(text.slice(header[0].length)) === header[1] ? "ours" : "edited";
}

/** SHA-256, as hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function sum(text: string): Promise<string> {
  return sha256(new TextEncoder().encode(text));
}
