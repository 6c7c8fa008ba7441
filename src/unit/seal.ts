/** A file's first line tells whether it is still as it was written: whatever a person has edited is the person's. */

const HEADER =
  /^# Written by symrouted --install-unit, and replaced by it unless edited: sha256 ([0-9a-f]{64})\n/;

/** The text with such a line before it. */
export async function seal(text: string): Promise<string> {
  return `# Written by symrouted --install-unit, and replaced by it unless edited: sha256 ${await sum(
    text,
  )}\n${text}`;
}

/** What such a line says of its file: as it was written, edited since, or there is none. */
export async function standing(text: string): Promise<"ours" | "edited" | "foreign"> {
  const header = HEADER.exec(text);
  if (!header) return "foreign";
  return await sum(text.slice(header[0].length)) === header[1] ? "ours" : "edited";
}

async function sum(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
