// Two uplinks, a VRF and a bridge: what addresses in each other's prefixes are put on.

export const links = `
  2: em1 up
  3: em2 up
  4: vrf1 up kind vrf table 10
  5: em3 up master 4
  6: br0 up kind bridge`;
export const routes = `
  default via 10.0.0.1 dev em1 metric 105
  default via 10.3.0.1 dev em2 metric 106`;
export const routes6 = `
  default via fe80::1 dev em1 metric 105
  default via fe80::1 dev em2 metric 106`;
