import { assertEquals } from "@std/assert";
import { EVENTS } from "../../lib/events/kinds/mod.ts";
import type { EventText } from "../../lib/events/kinds/row.ts";
import type { LabEvent } from "../../lib/events/mod.ts";
import { storyBus } from "./story.ts";

/** What a log says of each event of the story. */
const GOLDEN = `\
lab: lab "story" created, seed 7
region-eu: region eu added: 198.18.16.0/20
region-us: region us added: 198.18.32.0/20
region-asia: region asia added: 198.18.48.0/20
lab: regions eu and us linked, condition: 40 ms
lab: regions asia and eu linked, condition: loss 1.5 %, 1 Mbit/s
lab: regions asia and us linked, condition: none
dc: router added: region eu, NAT none, firewall none
home: router added: upstream dc, region eu, NAT home, firewall inbound block outbound {tcp 80+443}, 198.18.16.2, 2001:db8::2
cafe: router added: NAT cgnat, firewall none
laptop: device added: eth0 10.0.0.2 at home
phone: device added
laptop: interface added: wwan0 2001:db8:1:2::9 at cafe
laptop: interface changed: eth0 10.0.0.3 at home
laptop: interface replugged: eth0 10.0.1.2 at cafe
laptop: default route set to wwan0
laptop: eth0 is down
laptop: eth0 is up
laptop: wwan0 is down
laptop: condition of eth0 (up): 40 ms, loss 1 %
home: condition of lan: none
home: downlink condition: 20 Mbit/s
home: downlink condition: none
home: NAT set to mapping address-dependent
home: IPv6 prefix 2001:db8:8000:100::/56 delegated, was 2001:db8:8000::/56
home: delegated IPv6 prefix removed, was 2001:db8:8000:100::/56
home: IPv6 prefix 2001:db8:8000:200::/56 delegated
home: IPv6 translation set to nptv6
home: IPv6 translation set to masquerade
home: IPv6 translation set to nptv6
home: NAT mappings flushed
home: IPv6 broken (drop)
laptop: eth0: IPv4 broken (reject)
laptop: eth0: IPv6 broken (drop)
laptop: eth0: IPv4 works again
cafe: firewall set to captive-portal
home: path-MTU black hole: ICMP "fragmentation needed" and "packet too big" are dropped
home: router advertisements every 30 s, router lifetime 0 s (no default router)
lab: DNS entry: example.test is 198.18.16.9
lab: DNS entry: example.test is 2001:db8::9
laptop: DNS entry: printer.local is 10.0.1.7
phone: DNS entry: printer.local is 10.0.1.8
lab: name server set to 198.18.16.53
laptop: command 1 started: ping -c 1 10.0.1.1
ix: command 2 started: sleep 60
laptop: command 1 killed by SIGKILL [warn]
ix: reflector on 198.18.0.1:3478 started
ix: reflector on 198.18.0.1:3478 stopped
laptop: module m1 started: file:///srv/server.ts
laptop: module m1 ended: TypeError: no such thing [error]
laptop: thread failed: Error: uncaught [error]
lab: fault f1 injected: link-down node=laptop
lab: fault s1.0 injected: flap node=laptop down=1s
lab: fault s1.0 failed: Error: no more [error]
lab: fault f1 healed
lab: schedule s1, step 0 at 5001 ms (planned 5000 ms): flap
lab: link engine failed, conditions removed from laptop eth0 (up): it ended [error]
lab: NAT64 and 464XLAT failed, nothing is translated at carrier: it ended [error]
laptop: connected peer=phone tries=[1,2]
lab: link between regions eu and us broken
lab: regions eu and us linked, condition: 40 ms, jitter 4 ms, loss 1 %
region-eu: dark
lab: link between regions asia and eu broken
lab: link between regions asia and eu restored
lab: link between regions asia and eu removed
lab: region asia removed
rack: bridge added: 10.0.7.0/24, fd10:0:7::/64
spare: bridge added: 10.0.8.0/24, fd10:0:8::/64
laptop: eth1 attached to rack
rack: partitioned: phone from all, laptop from phone, phone to laptop (one direction)
home: impairments: 20 ms, 1 Mbit/s; laptop -> phone: loss 2.5 %
rack: routed to home
rack: routed to spare
spare: no longer routed to rack
laptop: disconnected from rack
laptop: reconnected to rack
laptop: eth1 detached from rack and removed
rack: uplink to the host's networks enabled: IPv4
rack: uplink to the host's networks disabled
spare: bridge removed
nas: virtual machine added: profile tiny, memory 256 MiB, 1 CPU
nas: virtual machine is booting
nas: virtual machine failed: QEMU ended [error]
nas: virtual machine removed
laptop: interface wwan0 removed
phone: device removed
dc: router removed
lab: lab closed
`;

function lineOf(event: LabEvent): string {
  const row = EVENTS[event.kind] as { text(event: LabEvent): EventText };
  const [about, message, level = "info"] = row.text(event);
  return `${about}: ${message}${level === "info" ? "" : ` [${level}]`}\n`;
}

Deno.test("every kind of event has a text for logs", () => {
  assertEquals(storyBus().history.map(lineOf).join(""), GOLDEN);
});
