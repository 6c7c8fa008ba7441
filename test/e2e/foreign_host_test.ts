// Routing daemons, clouds' helpers and container networks that bring rules and tables of their own.

import { awsVpcCni, calico, cilium, docker } from "../lab/programs/containers.ts";
import { ec2NetUtils, frr, keepalived, lookalikes, mwan3, pbr } from "../lab/programs/routers.ts";
import { lacksTun } from "../lab/scenario.ts";
import { stays } from "../lab/stays.ts";

for (const program of [docker, awsVpcCni, cilium, frr, keepalived, ec2NetUtils, mwan3, pbr, lookalikes]) {
  stays(program);
}
stays(calico, { skip: await lacksTun() });
