// Where rules lead what a host sends from its own addresses.

import type { Family } from "../lab/addressing.ts";
import { covers } from "./mirrors.ts";
import { isAnyIp, type Rule, type Shown } from "./shown.ts";

/** What tells one rule of ours from another. */
export type Form = Pick<Rule, "priority" | "src" | "srclen" | "table" | "iif">;

export function formText({ priority, table, iif, ...source }: Form): string {
  return `${priority}: from ${sourceOf(source)}${iif ? ` iif ${iif}` : ""} lookup ${table}`;
}

function sourceOf({ src, srclen }: Pick<Form, "src" | "srclen">): string {
  return srclen === undefined ? src : `${src}/${srclen}`;
}

/** Where the rules do not lead an address as one for each address would; and rules that lead none. */
export function wrongSteering(
  family: Family,
  { shown, ours, should, priority }: {
    shown: Shown;
    ours: readonly Form[];
    should: readonly Form[];
    /** That of all rules but those of AnyIP prefixes. */
    priority: number;
  },
): string[] {
  const sources = shown.addresses.flatMap(({ addr_info }) => addr_info)
    .filter((one) =>
      one.family === (family === "IPv4" ? "inet" : "inet6") && !one.tentative && !one.dadfailed
    )
    .map(({ local }) => local);
  const anyIps = shown.routes[family].filter((route) => isAnyIp(route) && route.dst.includes("/"));
  const all = new Set([...sources, ...anyIps.map(({ dst }) => `${dst.split("/")[0]}`)]);
  const ruleFor = (rules: readonly Form[], ip: string) =>
    rules.toSorted((a, b) => a.priority - b.priority)
      .find((rule) => sourceOf(rule) === ip || covers(sourceOf(rule), ip));
  const others = ours.filter((rule) => !should.some((one) => formText(one) === formText(rule)));
  const used = new Set([...all].map((ip) => ruleFor(ours, ip)));
  return [
    ...[...all].flatMap((ip) => {
      const [is, wanted] = [ours, should].map((rules) => ruleFor(rules, ip)?.table ?? "main");
      return is === wanted ? [] : [`${family}: ${ip} is led to ${is}, not to ${wanted}`];
    }),
    ...others.filter((rule) => !used.has(rule)).map((rule) => `${family}: leads nobody: ${formText(rule)}`),
    ...others.filter((rule) => rule.srclen !== undefined && rule.iif !== "lo")
      .map((rule) => `${family}: takes what is forwarded too: ${formText(rule)}`),
    ...others.filter((rule) => rule.priority !== priority)
      .map((rule) => `${family}: another priority: ${formText(rule)}`),
  ];
}
