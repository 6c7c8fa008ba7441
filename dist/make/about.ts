/** What packages say of the program, whatever their format. */

import { VERSION } from "../../src/version.ts";
import type { Architecture } from "./runtime.ts";

/** What is to be packed, and where the package is put. */
export interface Package {
  readonly architecture: Architecture;
  /** The path of the executable for that machine. */
  readonly executable: string;
  /** The folder for the package. */
  readonly into: string;
  /** The package's release of this version; RELEASE unless told. */
  readonly release?: string;
}

/** The version as packages write it: what is before a release sorts before it, deb-version(7). */
export const PACKAGE_VERSION = VERSION.replace("-", "~");

/** The packages' release of one version. */
export const RELEASE = "1";

/** In one line, without a full stop. */
export const SUMMARY = "symmetric routing for hosts with several uplinks";

/** Paragraphs, in lines of at most 78 characters. */
export const DESCRIPTION = [
  [
    "A host with several uplinks answers through whichever uplink its default route",
    "names, not the one that the request came in on; firewalls, providers and",
    "reverse-path filters then drop the reply. symrouted makes every reply leave by",
    "the interface that its request came in on, with no configuration.",
  ],
  [
    "It mirrors the main routing table into one table for each interface, steers",
    "each local address to its table with a rule, and keeps that right while",
    "addresses, links and routes change. What is not its own stays as it is.",
  ],
];

/** Nobody reads mail there; whoever distributes packages puts an address of theirs. */
export const AUTHOR = "The symrouted authors <authors@symrouted.invalid>";
