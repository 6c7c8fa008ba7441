/** The options of the command line: each with its parser and its line of help. */

import { globError } from "./model/glob.ts";
import { markText, maskError } from "./model/marks.ts";
import { type MetricOverride, parseMetric } from "./model/metrics.ts";
import { type Level, LEVELS } from "./log.ts";
import { DEFAULTS, type Options, type Role, type Rules } from "./plan/options.ts";
import { HIGHEST_PRIORITY, HIGHEST_WITH_ROOM, LOWEST_PROTOCOL, LOWEST_TABLE } from "./plan/ownership.ts";
import { folderError, pathError } from "./unit/text.ts";

/** The options as they are given; what is not given is undefined. */
export interface Flags {
  readonly once?: boolean;
  readonly dryRun?: boolean;
  readonly flush?: boolean;
  readonly dump?: boolean;
  readonly reload?: boolean;
  readonly printUnit?: boolean;
  readonly licenses?: boolean;
  readonly installUnit?: boolean;
  readonly uninstallUnit?: boolean;
  readonly noStart?: boolean;
  readonly keepRoutes?: boolean;
  readonly force?: boolean;
  readonly bindir?: string;
  readonly root?: string;
  readonly setRouteMetric?: readonly MetricOverride[];
  readonly interface?: readonly string[];
  readonly exclude?: readonly string[];
  readonly role?: readonly RoleChoice[];
  readonly isolate?: boolean;
  readonly rules?: Rules;
  readonly tableBase?: number;
  readonly connmark?: boolean;
  readonly priority?: number;
  readonly markPriority?: number;
  readonly markMask?: number;
  readonly protocol?: number;
  readonly logLevel?: Level;
}

type RoleChoice = Options["roles"][number];

export const ROLES: readonly Role[] = ["uplink", "stub", "inside"];
const RULES: readonly Rules[] = ["per-address", "per-prefix"];
/** Room for every ifindex below 2^32. */
const HIGHEST_BASE = 0x7fffffff;

const word = { kind: "boolean", optional: true, withNegated: false } as const;
const value = { kind: "parsed", optional: true } as const;
const values = { kind: "parsed", optional: true, variadic: true } as const;

export const FLAGS = {
  once: { ...word, brief: "Make everything right once, say in one line what changed, and end" },
  dryRun: { ...word, brief: "Print the changes that --once (or --flush) would make, as ip commands" },
  flush: { ...word, brief: "Remove all rules and routes of symrouted's, nothing else, and end" },
  dump: { ...word, brief: "Print links, addresses, rules and routes as they are at the start, then go on" },
  reload: { ...word, brief: "Have the daemon that runs here go on with the other options, and no gap" },
  printUnit: { ...word, brief: "Print the unit that makes a service of it, for systemd" },
  licenses: { ...word, brief: "Print the licences of this program and of what is embedded in it" },
  installUnit: {
    ...word,
    brief: "Install this executable as a service with the other options, and start it",
  },
  uninstallUnit: { ...word, brief: "Remove the service, its files, and its rules and routes" },
  noStart: { ...word, brief: "With --install-unit: do not start it, nor start it again" },
  keepRoutes: { ...word, brief: "With --uninstall-unit: leave rules and routes in place" },
  force: {
    ...word,
    brief: "With these two: also where a file was edited by hand; to install, also beside a package",
  },
  bindir: {
    ...value,
    parse: parseFolder,
    placeholder: "DIR",
    brief: "With these two: where the executable goes (/usr/local/bin, or where it is)",
  },
  root: {
    ...value,
    parse: parsePath,
    placeholder: "DIR",
    brief: "With these two: a host's files are beneath DIR, as of an image; none runs there",
  },
  setRouteMetric: {
    ...values,
    parse: parseMetric,
    placeholder: "NAME=VALUE",
    brief: "Give every mirrored route this metric of ip-route(8), such as mtu=1400",
  },
  interface: { ...values, parse: parseGlob, placeholder: "GLOB", brief: "Only these interfaces take part" },
  exclude: { ...values, parse: parseGlob, placeholder: "GLOB", brief: "These interfaces take no part" },
  role: {
    ...values,
    parse: parseRole,
    placeholder: "GLOB=ROLE",
    brief: `What an interface is: ${ROLES.join(", ")}`,
  },
  isolate: {
    ...word,
    brief: "A reply never leaves by another interface, not even where its own has no route",
  },
  rules: {
    kind: "enum",
    values: RULES,
    optional: true,
    brief: `One rule for each local address, or for each on-link prefix (${DEFAULTS.rules})`,
  },
  connmark: {
    ...word,
    brief: "Replies of containers, forwarded and translated traffic too: by marks of connections",
  },
  tableBase: {
    ...value,
    parse: (text: string) => parseNumber(text, LOWEST_TABLE, HIGHEST_BASE),
    placeholder: "N",
    brief: `An interface's table is N + its ifindex (${DEFAULTS.tableBase})`,
  },
  priority: {
    ...value,
    parse: (text: string) => parseNumber(text, 1, HIGHEST_PRIORITY),
    placeholder: "N",
    brief: `Priority of the rules (${DEFAULTS.priority})`,
  },
  markPriority: {
    ...value,
    parse: (text: string) => parseNumber(text, 1, HIGHEST_PRIORITY),
    placeholder: "N",
    brief: `Priority of the rules of marks (${DEFAULTS.markPriority})`,
  },
  markMask: {
    ...value,
    parse: parseMask,
    placeholder: "MASK",
    brief: `The bits of marks that are symrouted's (${markText(DEFAULTS.markMask)})`,
  },
  protocol: {
    ...value,
    parse: (text: string) => parseNumber(text, LOWEST_PROTOCOL, 255),
    placeholder: "N",
    brief: `Protocol that marks the rules as symrouted's (${DEFAULTS.protocol})`,
  },
  logLevel: { kind: "enum", values: LEVELS, optional: true, brief: "How much to tell (info)" },
} as const;

/** What is to be done instead of staying: by its option, as it is written. One excludes the others. */
export function actionsOf(flags: Flags): string[] {
  const { once, flush, dryRun, reload, printUnit, licenses, installUnit, uninstallUnit } = flags;
  const actions = {
    "--once": once,
    "--flush": flush,
    "--reload": reload,
    "--print-unit": printUnit,
    "--licenses": licenses,
    "--install-unit": installUnit,
    "--uninstall-unit": uninstallUnit,
  };
  const chosen = Object.entries(actions).flatMap(([name, isChosen]) => isChosen ? [name] : []);
  // What would be done can be asked of these two alone.
  return dryRun && !once && !flush ? ["--dry-run", ...chosen] : chosen;
}

/** What is wrong with the options beside those that install; undefined where nothing is. */
export function misplaced(flags: Flags): string | undefined {
  const { installUnit, uninstallUnit } = flags, either = installUnit || uninstallUnit;
  const wrong: [boolean | undefined, string][] = [
    [flags.noStart && !installUnit, "--no-start belongs to --install-unit"],
    [flags.keepRoutes && !uninstallUnit, "--keep-routes belongs to --uninstall-unit"],
    [flags.force && !either, "--force belongs to --install-unit and --uninstall-unit"],
    [flags.bindir !== undefined && !either, "--bindir belongs to --install-unit and --uninstall-unit"],
    [flags.root !== undefined && !either, "--root belongs to --install-unit and --uninstall-unit"],
    [flags.dump && either, "--dump is nothing for a service"],
  ];
  return wrong.find(([isWrong]) => isWrong)?.[1];
}

/** What the plan is told. */
export function optionsOf(flags: Flags): Options {
  return {
    interfaces: flags.interface?.length ? flags.interface : DEFAULTS.interfaces,
    exclude: flags.exclude ?? DEFAULTS.exclude,
    roles: flags.role ?? DEFAULTS.roles,
    metrics: flags.setRouteMetric ?? DEFAULTS.metrics,
    isolate: flags.isolate ?? DEFAULTS.isolate,
    rules: flags.rules ?? DEFAULTS.rules,
    tableBase: flags.tableBase ?? DEFAULTS.tableBase,
    priority: flags.priority ?? DEFAULTS.priority,
    connmark: flags.connmark ?? DEFAULTS.connmark,
    markPriority: flags.markPriority ?? DEFAULTS.markPriority,
    markMask: flags.markMask ?? DEFAULTS.markMask,
    protocol: flags.protocol ?? DEFAULTS.protocol,
  };
}

/** What is wrong with the options together; undefined where nothing is. */
export function contradiction({ connmark, priority, markPriority }: Options): string | undefined {
  if (!connmark) return undefined;
  if (markPriority >= priority) {
    return `--mark-priority ${markPriority} is to be lower than --priority, which is ${priority}`;
  }
  return priority <= HIGHEST_WITH_ROOM
    ? undefined
    : `--priority ${priority} is to be at most ${HIGHEST_WITH_ROOM} with --connmark`;
}

function parseGlob(text: string): string {
  const error = globError(text);
  if (error) throw new SyntaxError(error);
  return text;
}

/** An absolute path, without a slash at its end; "" is the root folder. */
function parsePath(text: string): string {
  if (!text.startsWith("/")) throw new SyntaxError(`${text || "nothing"} is no absolute path`);
  return text.replaceAll(/\/+/g, "/").replace(/\/$/, "");
}

/** A folder for an executable that a unit names. */
function parseFolder(text: string): string {
  const path = parsePath(text), error = pathError(path) ?? folderError(path);
  if (error) throw new SyntaxError(error);
  return path;
}

function parseRole(text: string): RoleChoice {
  const equals = text.lastIndexOf("=");
  const role = ROLES.find((one) => one === text.slice(equals + 1));
  if (equals < 0 || !role) {
    throw new SyntaxError(`${text} is not GLOB=ROLE, with a role of ${ROLES.join(", ")}`);
  }
  return { glob: parseGlob(text.slice(0, equals)), role };
}

function parseNumber(text: string, lowest: number, highest: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (number >= lowest && number <= highest) return number;
  throw new SyntaxError(`${text || "nothing"} is not a number from ${lowest} to ${highest}`);
}

function parseMask(text: string): number {
  const mask = /^(0[xX][0-9a-fA-F]{1,16}|\d{1,16})$/.test(text) ? Number(text) : NaN, error = maskError(mask);
  if (error) throw new SyntaxError(`${text || "nothing"} is no mask of ours: ${error}`);
  return mask;
}
