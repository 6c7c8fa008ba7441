/** Completions for bash, which needs nothing beside itself for them. */

import { type Grammar, quoted, type Value } from "./grammar.ts";

/**
 * Bash takes a word apart at `=` unless it is told otherwise, and wants only the part behind it back. Names of interfaces
 * are another's text: they are never expanded, and what is inserted is quoted.
 */
export function bash({ options, words }: Grammar): string {
  const taking = options.flatMap(({ name, value }) => value ? [{ name, value }] : []);
  const names = options.map(({ name }) => name);
  return `\
# Completions of symrouted(8) for bash.

_symrouted_interfaces() {
  local path
  for path in /sys/class/net/*; do
    [[ -L $path ]] && candidates+=("\${path##*/}$1")
  done
}

_symrouted() {
  local -a typed=() candidates=()
  local word joined='' index
  for ((index = 1; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $word == =* && \${#typed[@]} -gt 0 ]]; then
      typed[-1]+=$word joined=yes
    elif [[ $joined ]]; then
      typed[-1]+=$word joined=''
    else
      typed+=("$word")
    fi
  done

  local current=\${typed[-1]} option='' value prefix=''
  value=$current
  if [[ $current == --*=* ]]; then
    option=\${current%%=*} value=\${current#*=}
  elif ((\${#typed[@]} > 1)); then
    case \${typed[-2]} in
    ${taking.map(({ name }) => name).join(" | ")}) option=\${typed[-2]} ;;
    esac
  fi

  COMPREPLY=()
  case $option in
${taking.map(({ name, value }) => `  ${name}) ${candidates(value)} ;;\n`).join("")}\
  '')
    case \${typed[0]}:\${#typed[@]} in
    *:1) candidates=(${list([...names, ...words.map(({ name }) => name)])}) ;;
${words.map(({ name, values }) => `    ${name}:2) candidates=(${list(values)}) ;;\n`).join("")}\
    ${words.map(({ name }) => `${name}:*`).join(" | ")}) ;;
    *) candidates=(${list(names)}) ;;
    esac
    ;;
  esac

  local part=\${COMP_WORDS[COMP_CWORD]} candidate
  [[ $part == =* ]] && part=''
  if [[ $option && $part == "$option="* ]]; then
    prefix=$option= part=$value
  fi
  for candidate in "\${candidates[@]}"; do
    [[ $candidate == "$value"* ]] || continue
    [[ $candidate == *= ]] && compopt -o nospace 2>/dev/null
    printf -v candidate %q "\${candidate#"\${value%"$part"}"}"
    COMPREPLY+=("$prefix$candidate")
  done
}

complete -F _symrouted symrouted
`;
}

function list(words: readonly string[]): string {
  return words.map((word) => /^[\w-]+=?$/.test(word) ? word : quoted(word)).join(" ");
}

/** What finds the values of an option. */
function candidates(value: Value): string {
  switch (value.kind) {
    case "words":
      return `candidates=(${list(value.words)})`;
    case "names":
      return `[[ $value == *=* ]] || candidates=(${list(value.names.map((name) => `${name}=`))})`;
    case "interface":
      return "_symrouted_interfaces ''";
    case "role": {
      const chosen = value.roles.map((role) => `"\${value%=*}=${role}"`).join(" ");
      return `if [[ $value == *=* ]]; then candidates=(${chosen}); else _symrouted_interfaces =; fi`;
    }
    case "folder":
      return paths("d");
    case "file":
      return paths("f");
    case "anything":
      return "";
  }
}

/** Bash quotes them itself where it knows that they are names of files. */
function paths(kind: "d" | "f"): string {
  return `mapfile -t COMPREPLY < <(compgen -${kind} -- "$value"); compopt -o filenames 2>/dev/null; return`;
}
