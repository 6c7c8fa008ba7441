/** Completions for zsh, by its own `_arguments` (zshcompsys(1)). */

import { type Grammar, type Option, quoted, type Value } from "./grammar.ts";

/** The last lines let it be autoloaded from a folder of `$fpath` as well as read by `source`. */
export function zsh({ options, words }: Grammar): string {
  const described = words.map(({ name, brief }) => quoted(`${name}:${brief.replaceAll(":", "\\:")}`));
  return `\
#compdef symrouted
# Completions of symrouted(8) for zsh.

_symrouted_interfaces() {
  local -a names=(/sys/class/net/*(N@:t))
  compadd "$@" -a names
}

_symrouted_roles() {
  if compset -P '*='; then
    compadd - "$@"
  else
    _symrouted_interfaces -S =
  fi
}

_symrouted_names() {
  compset -P '*=' || compadd -S = - "$@"
}

_symrouted_words() {
  local -a words=(${described.join(" ")})
  _describe word words
}

_symrouted() {
  case $CURRENT:\${words[2]} in
${words.map(({ name, values }) => `  3:${name}) compadd - ${values.join(" ")} ;;\n`).join("")}\
  <3->:(${words.map(({ name }) => name).join("|")})) ;;
  *)
    local -a first=()
    ((CURRENT == 2)) && first=('1::word:_symrouted_words')
    _arguments \\
${options.map((option) => `      ${quoted(spec(option))} \\\n`).join("")}\
      $first
    ;;
  esac
}

if [[ $funcstack[1] == _symrouted ]]; then
  _symrouted "$@"
else
  compdef _symrouted symrouted
fi
`;
}

/** An option as \`_arguments\` wants it told. */
function spec({ name, brief, value, repeats }: Option): string {
  const text = `[${brief.replaceAll(/[[\]\\:]/g, "\\$&")}]`;
  return `${repeats ? "*" : ""}${name}${value ? "=" : ""}${text}${value ? `:value:${action(value)}` : ""}`;
}

/** What finds the values of an option. */
function action(value: Value): string {
  switch (value.kind) {
    case "words":
      return `(${value.words.join(" ")})`;
    case "names":
      return `{_symrouted_names ${value.names.join(" ")}}`;
    case "interface":
      return "_symrouted_interfaces";
    case "role":
      return `{_symrouted_roles ${value.roles.join(" ")}}`;
    case "folder":
      return "_directories";
    case "file":
      return "_files";
    case "anything":
      return " ";
  }
}
