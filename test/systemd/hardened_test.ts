// The service: locked down, and reloaded.

import assert from "node:assert/strict";
import { OPTIONS_FILE, UNIT, unitText } from "../../src/unit/text.ts";
import { families } from "../lab/addressing.ts";
import { assertCured, sourceRules } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { PROGRAM, property, serviceScenario, serviceScenarios } from "./hardened.ts";
import type { Machine } from "./machine.ts";
import { ours } from "./ours.ts";
import { nothingLost } from "./pings.ts";

const HIGHEST_EXPOSURE = 1.5;
/** The first systemd that knows all that the unit says; older ones leave out what they do not know. */
const KNOWS_ALL = 247;

/** The system calls that the machine's systemd knows by that name, and the groups among them. */
async function callsOf(machine: Machine, group: string) {
  const groups = new Set([group]), calls = new Set<string>();
  for (const one of groups) {
    const told = await machine.must(["systemd-analyze", "syscall-filter", one]);
    for (const [, name] of told.matchAll(/^ +(@?[a-z]\S*)$/gm)) {
      (name.startsWith("@") ? groups : calls).add(name);
    }
  }
  return { groups, calls };
}

serviceScenarios(
  "the unit: ready when everything is in place, and hardly exposed",
  async (world, machine) => {
    const version = Number(/^systemd (\d+)/.exec(await machine.must(["systemctl", "--version"]))![1]);
    const complaints = (await machine.run(["systemd-analyze", "verify", UNIT])).stderr.trim().split("\n")
      .filter((line) => line !== "" && !(version < KNOWS_ALL && line.includes("Unknown lvalue")));
    assert.deepEqual(complaints, []);
    const told = await machine.must(["systemd-analyze", "security", "--no-pager", UNIT]);
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(told)?.[1]);
    const exposed = told.split("\n").filter((line) => line.startsWith("✗")).join("\n");
    assert.ok(exposure <= HIGHEST_EXPOSURE || version < KNOWS_ALL, exposed);
    await machine.systemctl(`start ${UNIT}`);
    // It has started when it is ready, and it is ready when it is right.
    for (const family of families) await assertCured(world, family);
    assert.equal(await property(machine, "StatusText"), "4 rules, 10 routes in place");
    await world.host.ip("address add 10.0.0.77/16 dev em1");
    await eventually(async () => {
      assert.ok((await sourceRules(world.host, "IPv4")).includes("from 10.0.0.77 lookup 1002"));
      assert.equal(await property(machine, "StatusText"), "5 rules, 10 routes in place");
    });
    const { code, stdout, stderr } = await machine.run([PROGRAM, "--once"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /nothing to do/);
    await machine.systemctl(`stop ${UNIT}`);
    // It says what is to be known of it, and nothing else.
    const said = await machine.must(["journalctl", "--quiet", "--output=cat", `_SYSTEMD_UNIT=${UNIT}`]);
    assert.match(said, /^ready: 4 rules, 10 routes in place\n1 rule added[^\n]*\n$/);
    assert.ok((await ours(world)).length >= 15, "a stopped service leaves rules and routes");
  },
);

serviceScenarios("it sees the kernel settings for ARP, and warns", async (world, machine) => {
  await machine.systemctl(`start ${UNIT}`);
  await world.host.ip("address add 10.0.0.200/24 dev em2");
  await machine.said(
    UNIT,
    /em1 and em2 are in one network, 10\.0\.0\.0\/16, .*net\.ipv4\.conf\.em2\.arp_ignore=1/,
  );
});

serviceScenarios(
  "it has one capability, no privilege to gain, a filter, and a user of its own",
  async (_, machine) => {
    await machine.systemctl(`start ${UNIT}`);
    const status = await machine.must(["cat", `/proc/${await property(machine, "MainPID")}/status`]);
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1];
    assert.deepEqual(
      ["CapEff", "CapPrm", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"].map(field),
      [...Array(4).fill("0000000000001000"), "1", "2"],
    );
    assert.ok(Number(field("Uid")) >= 61184, `uid ${field("Uid")} is none of systemd's dynamic ones`);
  },
);

serviceScenario(
  "where systemd knows no @system-service (before 239), the system calls that the unit names suffice",
  async (world, machine) => {
    const named = [...unitText(PROGRAM).matchAll(/^SystemCallFilter=([^~].*)$/gm)].flatMap(([, names]) =>
      names.split(" ")
    );
    const known = await callsOf(machine, "@system-service");
    for (const name of named) {
      // Where it is known, the others allow nothing more.
      assert.ok(name.startsWith("@") ? known.groups.has(name) : known.calls.has(name), name);
    }
    await machine.writeUnit(UNIT, unitText(PROGRAM).replace("@system-service", "@unknown"));
    await machine.systemctl(`start ${UNIT}`);
    await machine.systemctl(`reload ${UNIT}`);
    for (const family of families) await assertCured(world, family);
  },
  { release: "oldest" },
);

serviceScenarios(
  "reload takes changed options without a gap, and refuses bad ones",
  async (world, machine) => {
    await machine.systemctl(`start ${UNIT}`);
    const pid = await property(machine, "MainPID");
    const right = await ours(world);
    await nothingLost(world, async () => {
      for (let turn = 0; turn < 10; turn++) {
        const options = turn % 2 === 0 ? "--set-route-metric 'mtu=lock 1400'" : "--log-level debug";
        await machine.write(OPTIONS_FILE, `SYMROUTED_OPTIONS="${options}"\n`);
        await machine.systemctl(`reload ${UNIT}`);
        // When that returns it has been done.
        const locked = (await ours(world)).filter((line) => line.includes("mtu lock 1400"));
        assert.equal(locked.length, turn % 2 === 0 ? 10 : 0);
        assert.equal(await property(machine, "MainPID"), pid);
      }
    });
    assert.deepEqual(await ours(world), right);
    await machine.write(OPTIONS_FILE, 'SYMROUTED_OPTIONS="--priority none"\n');
    assert.notEqual((await machine.run(["systemctl", "reload", UNIT])).code, 0);
    await machine.said(UNIT, /--priority: none is not a number/);
    assert.equal(await property(machine, "MainPID"), pid);
    assert.equal(await property(machine, "ActiveState"), "active");
  },
);

serviceScenario(
  "only who may change routes can have it reloaded, by root's name or not",
  async (_, machine) => {
    await machine.systemctl(`start ${UNIT}`);
    const strangers = [
      ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
      // As root in a container that has the host's network.
      ["setpriv", "--inh-caps=-net_admin", "--bounding-set=-net_admin"],
    ];
    for (const stranger of strangers) {
      const { code, stderr } = await machine.run([...stranger, PROGRAM, "--reload", "--exclude", "*"]);
      assert.equal(code, 4);
      assert.match(stderr, /^symrouted: [^\n]*CAP_NET_ADMIN[^\n]*\n$/);
    }
    assert.equal(await property(machine, "StatusText"), "4 rules, 10 routes in place");
    const { stdout } = await machine.run([PROGRAM, "--reload", "--log-level", "debug"]);
    assert.match(stdout, /^symrouted: reloaded: process \d+ goes on with its new options\n$/);
  },
);

/** Takes the name of the daemon's place as soon as it can. */
const SQUATTER = `
  socket(my $socket, AF_UNIX, SOCK_STREAM, 0);
  until (bind $socket, pack("S a*", AF_UNIX, "\\0symrouted")) { select undef, undef, undef, 0.001 }
  sleep 1000`;

serviceScenarios(
  "who may not change routes keeps it neither from starting nor from going on",
  async (world, machine) => {
    const squatters = { user: "User=65534", container: "CapabilityBoundingSet=~CAP_NET_ADMIN" };
    for (const [name, setting] of Object.entries(squatters)) {
      const squatter = `squatter-${name}.service`;
      const squat = async () => {
        const run = ["systemd-run", `--unit=${squatter}`, "--collect", "-p", setting];
        await machine.must([...run, "perl", "-MSocket", "-e", SQUATTER.replaceAll("\n", " ")]);
      };
      const isHeld = async () => (await machine.must(["cat", "/proc/net/unix"])).includes("@symrouted");
      await squat();
      await eventually(async () => assert.ok(await isHeld()));
      await machine.systemctl(`start ${UNIT}`);
      await machine.said(UNIT, /the name @symrouted is held by a process that is no daemon/);
      await machine.systemctl(`reload ${UNIT}`);
      await machine.systemctl(`stop ${UNIT} ${squatter}`);
      assert.equal(await isHeld(), false);

      await machine.systemctl(`start ${UNIT}`);
      const pid = await property(machine, "MainPID");
      await squat();
      for (let turn = 0; turn < 3; turn++) await machine.systemctl(`reload ${UNIT}`);
      assert.equal(await property(machine, "MainPID"), pid);
      assert.match((await machine.run([PROGRAM])).stderr, new RegExp(`already, as process ${pid} `));
      await machine.systemctl(`stop ${UNIT}`);
      // It was after the name all the time.
      await eventually(async () => assert.ok(await isHeld()));
      await machine.systemctl(`stop ${squatter}`);
    }
    await machine.systemctl(`start ${UNIT}`);
    for (const family of families) await assertCured(world, family);
  },
);
