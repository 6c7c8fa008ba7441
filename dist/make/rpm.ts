/** An .rpm, by rpmbuild, of the files that are given to it: dist/package/symrouted.spec says what becomes of them. */

import { licensesText } from "../../src/licenses.ts";
import { AUTHOR, DESCRIPTION, type Package, PACKAGE_VERSION, RELEASE, SUMMARY } from "./about.ts";
import { releaseDate } from "./date.ts";
import { root, run, withFolder } from "./tools.ts";
import { commonFiles, layOut, scripts } from "./tree.ts";

/** Makes the package and gives its path. Throws Unmakeable. */
export async function rpmFor(
  { architecture, executable, into, release = RELEASE }: Package,
): Promise<string> {
  const name = `symrouted-${PACKAGE_VERSION}-${release}.${architecture}.rpm`, date = releaseDate();
  await withFolder(async (folder) => {
    await layOut(
      [
        ...await commonFiles(executable, { zsh: "/usr/share/zsh/site-functions" }),
        { path: "/usr/share/doc/symrouted/CHANGELOG.md", from: { file: `${root}CHANGELOG.md` } },
        { path: "/usr/share/licenses/symrouted/LICENSES", from: { text: licensesText() } },
      ],
      `${folder}/tree`,
      date,
    );
    await layOut(scripts("rpm", ["post", "preun", "postun"]), `${folder}/scripts`, date);
    await Deno.writeTextFile(`${folder}/changelog`, changelog(release, date));
    const settings = {
      _topdir: folder,
      _rpmdir: folder,
      _build_name_fmt: "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
      tree: `${folder}/tree`,
      scripts: `${folder}/scripts`,
      changes: `${folder}/changelog`,
      package_version: PACKAGE_VERSION,
      package_release: release,
      package_author: AUTHOR,
      package_summary: SUMMARY[0].toUpperCase() + SUMMARY.slice(1),
      package_description: DESCRIPTION.map((lines) => lines.join("\n")).join("\n\n"),
    };
    const defines = Object.entries(settings).flatMap(([key, value]) => ["--define", `${key} ${value}`]);
    const spec = `${root}dist/package/symrouted.spec`;
    const env = { SOURCE_DATE_EPOCH: `${date.getTime() / 1000}` };
    await run(["rpmbuild", "-bb", "--quiet", "--target", `${architecture}-linux`, ...defines, spec], { env });
    await Deno.copyFile(`${folder}/${name}`, `${into}/${name}.part`);
    await Deno.rename(`${into}/${name}.part`, `${into}/${name}`);
  });
  return `${into}/${name}`;
}

function changelog(release: string, date: Date): string {
  const [weekday, day, month, year] = date.toUTCString().split(/,? /);
  return `\
* ${weekday} ${month} ${day} ${year} ${AUTHOR} - ${PACKAGE_VERSION}-${release}
- What is new: see CHANGELOG.md.
`;
}
