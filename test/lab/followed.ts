// The protocol of which the kernel follows the data connections that it announces, where it has the helper.

/** The ruleset that makes it do so. */
export const ftp = `
table inet ftp {
  ct helper ftp {
    type "ftp" protocol tcp
  }
  chain prerouting {
    type filter hook prerouting priority 0
    tcp dport 21 ct helper set "ftp"
  }
}
`;

/** Why FTP cannot be followed here. */
export async function lacksHelper(): Promise<string | undefined> {
  const child = new Deno.Command("unshare", {
    args: ["--net", "nft", "-f", "-"],
    stdin: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(ftp));
  await writer.close();
  return (await child.status).success ? undefined : "the kernel cannot follow FTP";
}
