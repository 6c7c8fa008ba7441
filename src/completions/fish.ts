/** Completions for fish, by its own `complete` (complete(1)). */

import { type Grammar, type Option, type Value } from "./grammar.ts";

export function fish({ options, words }: Grammar): string {
  return `\
# Completions of symrouted(8) for fish.

function __symrouted_interfaces
  for path in /sys/class/net/*
    test -L $path; and string replace -r '.*/' '' -- $path
  end
end

function __symrouted_roles
  set -l given (string match -r -- '^(?:--role=)?(.*=)' (commandline -ct))
  if set -q given[2]
    string join \\n -- $given[2]$argv
  else
    string join \\n -- (__symrouted_interfaces)=
  end
end

function __symrouted_within
  set -l typed (commandline -opc)
  contains -- "$typed[2]" $argv
end

function __symrouted_typed
  test (count (commandline -opc)) -eq $argv
end

complete -c symrouted -f
${words.map(({ name, brief }) => line(["-n '__symrouted_typed 1'", `-a ${name}`, told(brief)])).join("")}\
${
    words.filter(({ values }) => values.length > 0).map(({ name, values }) =>
      line([`-n '__symrouted_within ${name}; and __symrouted_typed 2'`, `-a '${values.join(" ")}'`])
    ).join("")
  }\
${options.map((option) => line(optionParts(option, words.map(({ name }) => name)))).join("")}`;
}

function line(parts: string[]): string {
  return `complete -c symrouted ${parts.join(" ")}\n`;
}

function told(brief: string): string {
  return `-d ${fishQuoted(brief)}`;
}

function optionParts({ name, brief, value }: Option, words: string[]): string[] {
  return [
    `-n 'not __symrouted_within ${words.join(" ")}'`,
    `-l ${name.replace(/^--/, "")}`,
    ...(value ? [action(value)] : []),
    told(brief),
  ];
}

/** What finds the values of an option. */
function action(value: Value): string {
  switch (value.kind) {
    case "words":
      return `-x -a '${value.words.join(" ")}'`;
    case "names":
      return `-x -a '${value.names.map((name) => `${name}=`).join(" ")}'`;
    case "interface":
      return "-x -a '(__symrouted_interfaces)'";
    case "role":
      return `-x -a '(__symrouted_roles ${value.roles.join(" ")})'`;
    case "folder":
      return "-x -a '(__fish_complete_directories)'";
    case "file":
      return "-r -F";
    case "anything":
      return "-x";
  }
}

/** In single quotes fish knows `\\` and `\'` alone. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
