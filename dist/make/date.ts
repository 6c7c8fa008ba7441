/** The one time that everything which is made says of itself, so that the same input gives the same bytes. */

import { root, Unmakeable } from "./tools.ts";

/** As mdoc(7) writes the date of a manual page. */
const PAGE_DATE = /^\.Dd (\w+ \d{1,2}, \d{4})$/m;

/**
 * SOURCE_DATE_EPOCH (seconds since 1970, reproducible-builds.org), or the day of the manual page, at midnight UTC. Throws
 * Unmakeable where that is no time.
 */
export function releaseDate(): Date {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given) {
    if (/^\d{1,11}$/.test(given)) return new Date(Number(given) * 1000);
    throw new Unmakeable(`SOURCE_DATE_EPOCH=${given}: it is no number of seconds since 1970`);
  }
  const page = Deno.readTextFileSync(`${root}dist/symrouted.8`);
  const date = new Date(`${PAGE_DATE.exec(page)?.[1]} UTC`);
  if (Number.isNaN(date.getTime())) throw new Unmakeable("dist/symrouted.8: it has no date (.Dd)");
  return date;
}
