/** A .deb, by dpkg-deb: deb(5), deb-control(5), Debian's policy. */

import { createHash } from "node:crypto";
import { licensesText, partsText } from "../../src/licenses.ts";
import { AUTHOR, DESCRIPTION, type Package, PACKAGE_VERSION, RELEASE, SUMMARY } from "./about.ts";
import { releaseDate } from "./date.ts";
import { GLIBC } from "./runtime.ts";
import { root, run, withFolder } from "./tools.ts";
import { commonFiles, type Entry, filesIn, layOut, PROGRAM, scripts } from "./tree.ts";

/** As Debian calls the machines. */
const ARCHITECTURES = { x86_64: "amd64", aarch64: "arm64" };

const DOC = "/usr/share/doc/symrouted";

/** What is right here although Debian's checker takes it for a fault. */
const OVERRIDES = `\
# They are parts of Deno's runtime, which is one file.
symrouted: embedded-library * [${PROGRAM.slice(1)}]
# The runtime is taken as it comes.
symrouted: binary-has-unneeded-section * [${PROGRAM.slice(1)}]
symrouted: spelling-error-in-binary * [${PROGRAM.slice(1)}]
# Nobody has asked Debian for it.
symrouted: initial-upload-closes-no-bugs *
`;

/** Makes the package and gives its path. Throws Unmakeable. */
export async function debFor(what: Package): Promise<string> {
  const architecture = ARCHITECTURES[what.architecture], date = releaseDate();
  const version = `${PACKAGE_VERSION}-${what.release ?? RELEASE}`;
  const path = `${what.into}/symrouted_${version}_${architecture}.deb`;
  await withFolder(async (folder) => {
    await layOut(await contents(what.executable, { version, date }), folder, date);
    const paths = filesIn(folder);
    await layOut(
      [
        {
          path: "/DEBIAN/control",
          from: { text: controlText({ version, architecture, size: sizeOf(folder, paths) }) },
        },
        { path: "/DEBIAN/md5sums", from: { text: await sumsOf(folder, paths) } },
        ...scripts("deb", ["postinst", "prerm", "postrm"]).map((one) => ({
          ...one,
          path: `/DEBIAN${one.path}`,
        })),
      ],
      folder,
      date,
    );
    // By level 1 it is a twenty-fifth larger than by 3, in a quarter of the time.
    const argv = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", folder, `${path}.part`];
    await run(argv, { env: { SOURCE_DATE_EPOCH: seconds(date) } });
    await Deno.rename(`${path}.part`, path);
  });
  return path;
}

async function contents(executable: string, release: { version: string; date: Date }): Promise<Entry[]> {
  return [
    ...await commonFiles(executable, { zsh: "/usr/share/zsh/vendor-completions" }),
    { path: `${DOC}/copyright`, from: { text: copyright() } },
    { path: `${DOC}/LICENSES`, from: { text: licensesText() }, isCompressed: true },
    { path: `${DOC}/changelog`, from: { file: `${root}CHANGELOG.md` }, isCompressed: true },
    { path: `${DOC}/changelog.Debian`, from: { text: changelog(release) }, isCompressed: true },
    { path: "/usr/share/lintian/overrides/symrouted", from: { text: OVERRIDES } },
  ];
}

/** Licences that every Debian has a text of are named, not repeated (Debian's policy, 12.5). */
function copyright(): string {
  return `\
${Deno.readTextFileSync(`${root}LICENSE`)}
The executable holds, and the full texts of their licences are in LICENSES.gz beside this file:

${partsText()}

The Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0, the GNU Lesser General Public License 2.1 in
/usr/share/common-licenses/LGPL-2.1.
`;
}

function controlText(
  { version, architecture, size }: { version: string; architecture: string; size: number },
): string {
  const paragraphs = DESCRIPTION.map((lines) => lines.map((line) => ` ${line}\n`).join("")).join(" .\n");
  return `\
Package: symrouted
Version: ${version}
Architecture: ${architecture}
Maintainer: ${AUTHOR}
Installed-Size: ${size}
Depends: libc6 (>= ${GLIBC}), libgcc-s1 | libgcc1
Suggests: libnftables1
Section: net
Priority: optional
Description: ${SUMMARY}
${paragraphs}`;
}

/** deb-changelog(5). */
function changelog({ version, date }: { version: string; date: Date }): string {
  const when = date.toUTCString().replace("GMT", "+0000");
  return `\
symrouted (${version}) unstable; urgency=medium

  * What is new: see changelog.gz.

 -- ${AUTHOR}  ${when}
`;
}

/** What it takes on a disk, in KiB (deb-substvars(5), Installed-Size). */
function sizeOf(folder: string, paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + Math.ceil(Deno.statSync(`${folder}/${path}`).size / 1024), 0);
}

/** What `dpkg --verify` compares with. */
async function sumsOf(folder: string, paths: readonly string[]): Promise<string> {
  const lines = paths.map(async (path) =>
    `${createHash("md5").update(await Deno.readFile(`${folder}/${path}`)).digest("hex")}  ${path}\n`
  );
  return (await Promise.all(lines)).join("");
}

function seconds(date: Date): string {
  return `${date.getTime() / 1000}`;
}
