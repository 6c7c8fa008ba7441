// What is in the packages, and what those who know say of them.

import assert from "node:assert/strict";
import { PACKAGE_VERSION } from "../../dist/make/about.ts";
import { executable } from "../../dist/make/compile.ts";
import { type Architecture, ARCHITECTURES, GLIBC } from "../../dist/make/runtime.ts";
import { root } from "../../dist/make/tools.ts";
import { must, run } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { madePackages, notPackaged } from "./packages.ts";

const skip = notPackaged();

/** What a package of either kind has, beside what is said of its licences. */
const files = [
  "/usr/bin/symrouted",
  "/usr/lib/systemd/system/symrouted.service",
  "/usr/share/bash-completion/completions/symrouted",
  "/usr/share/doc/symrouted/README.md",
  "/usr/share/fish/vendor_completions.d/symrouted.fish",
  "/usr/share/man/man8/symrouted.8.gz",
  "/usr/share/symrouted/options",
];

const doc = "/usr/share/doc/symrouted";
const debFiles = [
  ...files,
  ...["LICENSES.gz", "changelog.Debian.gz", "changelog.gz", "copyright"].map((name) => `${doc}/${name}`),
  "/usr/share/lintian/overrides/symrouted",
  "/usr/share/zsh/vendor-completions/_symrouted",
];
const rpmFiles = [
  ...files,
  `${doc}/CHANGELOG.md`,
  "/usr/share/licenses/symrouted/LICENSES",
  "/usr/share/zsh/site-functions/_symrouted",
];

/** A package unpacked: its files by their paths. */
async function unpacked(path: string): Promise<{ folder: string; paths: string[] }> {
  const folder = await Deno.makeTempDir({ dir: "/run" });
  if (path.endsWith(".deb")) await must(["dpkg-deb", "--extract", path, folder]);
  else {await must([
      "sh",
      "-ec",
      'cd "$1"; rpm2cpio "$2" | busybox cpio -i -d 2>/dev/null',
      "sh",
      folder,
      path,
    ]);}
  const paths = await must(["find", folder, "-type", "f", "-printf", "/%P\\n"]);
  return { folder, paths: paths.trim().split("\n").sort() };
}

for (const architecture of ARCHITECTURES) {
  const test = (name: string, body: () => Promise<void>) =>
    isolatedTest(`${architecture}: ${name}`, body, { skip });
  const deb = () => madePackages().all[architecture][0], rpm = () => madePackages().all[architecture][1];

  test("what is in the .deb and the .rpm, and that the executable is whole", async () => {
    for (const [path, expected] of [[deb(), debFiles], [rpm(), rpmFiles]] as const) {
      const { folder, paths } = await unpacked(path);
      assert.deepEqual(paths, [...expected].sort());
      await must(["cmp", `${folder}/usr/bin/symrouted`, executable(architecture)]);
      const page = await must(["gzip", "-cd", `${folder}/usr/share/man/man8/symrouted.8.gz`]);
      assert.equal(page, await Deno.readTextFile(`${root}dist/symrouted.8`));
      await Deno.remove(folder, { recursive: true });
    }
  });

  test("both ask for the glibc that the README names, and for this machine, and suggest what --connmark needs", async () => {
    const field = (name: string) => must(["dpkg-deb", "--field", deb(), name]);
    assert.match(await field("Depends"), new RegExp(`^libc6 \\(>= ${GLIBC}\\), libgcc-s1 `));
    assert.equal((await field("Suggests")).trim(), "libnftables1");
    assert.equal((await must(["rpm", "-qp", "--suggests", rpm()])).trim(), "libnftables.so.1()(64bit)");
    assert.equal((await field("Architecture")).trim(), { x86_64: "amd64", aarch64: "arm64" }[architecture]);
    assert.equal((await field("Version")).trim(), `${PACKAGE_VERSION}-1`);
    const needs = await must(["rpm", "-qp", "--requires", rpm()]);
    const versions = [...needs.matchAll(/^libc\.so\.6\(GLIBC_2\.(\d+)\)/gm)].map(([, minor]) =>
      Number(minor)
    );
    assert.equal(`2.${Math.max(...versions)}`, GLIBC);
    const about = await must(["rpm", "-qp", "--queryformat", "%{ARCH} %{VERSION}-%{RELEASE}", rpm()]);
    assert.equal(about, `${architecture} ${PACKAGE_VERSION}-1`);
    assert.ok((await Deno.readTextFile(`${root}README.md`)).includes(`glibc ${GLIBC} or newer`));
  });

  test("lintian has nothing to say", async () => {
    const { stdout, stderr } = await run(["lintian", "--allow-root", deb()]);
    assert.equal(stdout + stderr, "");
  });

  test("rpmlint finds no error", async () => {
    const { code, stdout } = await run(["rpmlint", "--config", `${root}dist/package/rpmlint.toml`, rpm()]);
    assert.match(stdout, / 1 packages .* 0 errors, 0 warnings/);
    assert.equal(code, 0);
  });
}

isolatedTest("the completions in a package are those that the program prints", async () => {
  const { folder } = await unpacked(madePackages().all[Deno.build.arch as Architecture][0]);
  const places = {
    bash: "bash-completion/completions/symrouted",
    zsh: "zsh/vendor-completions/_symrouted",
    fish: "fish/vendor_completions.d/symrouted.fish",
  };
  for (const [shell, place] of Object.entries(places)) {
    const printed = await must([`${folder}/usr/bin/symrouted`, "completions", shell]);
    assert.equal(await Deno.readTextFile(`${folder}/usr/share/${place}`), printed);
  }
}, { skip });
