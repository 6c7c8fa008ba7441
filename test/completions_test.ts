// The completions, asked of the shells that they are for.

import assert from "node:assert/strict";
import { daemonError } from "../src/arguments.ts";
import { bash } from "../src/completions/bash.ts";
import { fish } from "../src/completions/fish.ts";
import { grammar } from "../src/completions/grammar.ts";
import { zsh } from "../src/completions/zsh.ts";
import { FLAGS } from "../src/flags.ts";
import { type Shell, SHELLS } from "../src/words.ts";
import { Namespace } from "./lab/netns.ts";
import { must } from "./lab/process.ts";
import { isolatedTest } from "./lab/scenario.ts";
import { symrouted } from "./lab/symrouted.ts";
import { folderOf } from "./setup.ts";

/** Each prints what it offers for the last word of the line `$2` with the completions in the file `$1`. */
const askers: Record<Shell, { command: string[]; code: string }> = {
  // It gives a completion the words cut at `=`, as it does at its prompt, and gets the part behind it.
  bash: {
    command: ["bash", "--norc", "-c"],
    code: `
source "$1"
set -- "$2"
COMP_WORDS=()
for word in $1; do
  [[ $word == *=* ]] && word=\${word//=/ = }
  COMP_WORDS+=($word)
done
[[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_symrouted
line=\${1%"\${COMP_WORDS[COMP_CWORD]##=}"}
printf '%s\\n' "\${COMPREPLY[@]/#/\${line##* }}"
`,
  },
  // It completes at a prompt alone; what it offers is caught where it is handed over.
  zsh: {
    command: ["zsh", "-f", "-c"],
    code: `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'autoload -Uz compinit; compinit -u -D; source '\${(q)1}
zpty -w z 'compadd () {
  local -a caught suffix; local i one
  if (( $@[(I)-[OAD]*] )); then builtin compadd "$@"; return; fi
  builtin compadd -A caught "$@"
  i=$@[(I)-S]; (( i )) && suffix=("\${@[i+1]}")
  for one in $caught; do print -r - "@@$IPREFIX$one$suffix@@"; done
  builtin compadd "$@"
}; PS1=REA""DY\\>'
zpty -r z text '*READY>'
zpty -n -w z "$2"$'\\t\\C-u'"exit"$'\\n'
while zpty -r z text; do
  [[ $text == *@@*@@* ]] && print -r - "\${\${text%@@*}##*@@}"
done
true
`,
  },
  fish: {
    command: ["fish", "--no-config", "-c"],
    code: `
source $argv[2]
complete -C $argv[3] | string replace -r '\\t.*' ''
true
`,
  },
};

/** What a shell offers for the last word of a line, sorted. */
async function offered(shell: Shell, line: string, options: { script?: string; host?: Namespace } = {}) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, options.script ?? scripts[shell](grammar()));
    const { command, code } = askers[shell];
    const full = [...command, code, shell, path, line];
    const text = options.host ? await options.host.must(full) : await must(full);
    return [...new Set(text.split("\n").filter((each) => each !== ""))].sort();
  } finally {
    await Deno.remove(path);
  }
}

const scripts = { bash, zsh, fish };

/** An option's name on the command line. */
const external = (name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const all = [...Object.keys(FLAGS).map(external), "--help", "--version"].sort();

const interfaces = ["br.2", "em1", "em2", "lo"];

/** Each line, and what is offered for its last word. */
const lines: [string, string[]][] = [
  ["symrouted -", all],
  ["symrouted --once --in", all.filter((name) => name.startsWith("--in"))],
  ["symrouted c", ["completions"]],
  ["symrouted --once c", []],
  ["symrouted --log-level ", ["debug", "error", "info", "warn"]],
  ["symrouted --log-level=w", ["--log-level=warn"]],
  ["symrouted --once --log-level x", []],
  ["symrouted --table-base 1", []],
  ["symrouted --mark-mask 0", []],
  ["symrouted --mark-", ["--mark-mask", "--mark-priority"]],
  ["symrouted --interface ", interfaces],
  ["symrouted --exclude em", ["em1", "em2"]],
  ["symrouted --exclude=em", ["--exclude=em1", "--exclude=em2"]],
  ["symrouted --role em", ["em1=", "em2="]],
  ["symrouted --role em1=", ["em1=inside", "em1=stub", "em1=uplink"]],
  ["symrouted --role em1=stub --role em2=s", ["em2=stub"]],
  ["symrouted --role=em2=u", ["--role=em2=uplink"]],
  ["symrouted --set-route-metric rt", ["rto_min=", "rtt=", "rttvar="]],
  ["symrouted --set-route-metric mtu=1", []],
  ["symrouted completions ", [...SHELLS].sort()],
  ["symrouted completions f", ["fish"]],
  ["symrouted completions bash ", []],
];

for (const shell of SHELLS) {
  const skip = folderOf(shell) ? undefined : `there is no ${shell}`;

  isolatedTest(`${shell} completes options, words, and values`, async () => {
    await using host = (await Namespace.create(["host"]))[0];
    await host.ip("link add em1 type veth peer em2");
    await host.ip("link add br.2 type bridge");
    for (const [line, wanted] of lines) {
      assert.deepEqual(await offered(shell, line, { host }), wanted, line);
    }
  }, { skip });

  isolatedTest(`${shell} completes folders and files`, async () => {
    const flags = {
      root: { kind: "parsed", brief: "A folder's", placeholder: "DIR" },
      metrics: { kind: "parsed", brief: "A [file]: \\'s", placeholder: "PATH" },
    };
    const script = scripts[shell](grammar(flags));
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/within`);
    await Deno.writeTextFile(`${folder}/without`, "");
    const bare = (paths: string[]) => paths.map((path) => path.replace(/\/$/, "").replace(/.*\//, ""));
    assert.deepEqual(bare(await offered(shell, `symrouted --root ${folder}/w`, { script })), ["within"]);
    assert.deepEqual(bare(await offered(shell, `symrouted --metrics ${folder}/w`, { script })), [
      "within",
      "without",
    ]);
  }, { skip });

  isolatedTest(`\`symrouted completions ${shell}\` prints them, and needs nothing for it`, async () => {
    await using host = (await Namespace.create(["host"]))[0];
    const { code, stdout, stderr } = await symrouted(host, ["completions", shell], { without: "net_admin" });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, scripts[shell](grammar()));
    assert.equal(stderr, "");
  });
}

isolatedTest("a name of an interface is never a command", async () => {
  await using host = (await Namespace.create(["host"]))[0];
  const folder = await Deno.makeTempDir();
  for (const name of ["$(>bad)", "`>bad`", "a;>bad", "a'b"]) {
    await host.must(["ip", "link", "add", name, "type", "bridge"]);
  }
  const path = `${folder}/completions`;
  await Deno.writeTextFile(path, bash(grammar()));
  const code = `cd "$0" && source ./completions
    COMP_WORDS=(symrouted --interface '') COMP_CWORD=2; _symrouted
    for one in "\${COMPREPLY[@]}"; do eval "printf '%s\\n' $one"; done`;
  const names = (await host.must(["bash", "--norc", "-c", code, folder])).trim().split("\n");
  assert.deepEqual(names.sort(), ["$(>bad)", "`>bad`", "a'b", "a;>bad", "lo"].sort());
  await assert.rejects(Deno.stat(`${folder}/bad`), Deno.errors.NotFound);
});

Deno.test("what every option takes is known to the completions", () => {
  for (const { name, value } of grammar().options) {
    if (value?.kind !== "anything") continue;
    const flag = Object.entries(FLAGS).find(([key]) => external(key) === name)![1];
    assert.match((flag as { placeholder?: string }).placeholder ?? "", /^(N|MASK)$/, name);
  }
});

Deno.test("a word is no option of a daemon's", async () => {
  assert.match(await daemonError(["completions", "bash"]) ?? "", /^completions: /);
});
