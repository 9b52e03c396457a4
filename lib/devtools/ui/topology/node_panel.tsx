import type { ComponentChildren } from "preact";
import type { InterfaceState } from "../../../events/states/interface.ts";
import type { LabState } from "../../../events/states/lab.ts";
import type { RouterState } from "../../../events/states/router.ts";
import { commandText, conditionText, modeText } from "../../../events/text.ts";
import { bitsText } from "../../model/counters.ts";
import type { GraphNode } from "../../model/graph.ts";
import { firewallWords, natV6Words, natWords } from "../../model/words.ts";
import type { RunModel } from "../data/run_model.ts";
import { viewHash } from "../navigation.ts";
import { Icon } from "../parts/icon.tsx";
import { countText, sizeText } from "../parts/words.ts";
import { RateChart } from "../parts/rate_chart.tsx";

/** What the panel of a node shows. */
export interface NodePanelProps {
  run: RunModel;
  node: GraphNode;
  state: LabState;
  /** The moment, in milliseconds since the lab started. */
  ms: number;
  onClose(): void;
}

/** What a node was at a moment: interfaces, addresses, translation, names, programs, rates. */
export function NodePanel({ run, node, state, ms, onClose }: NodePanelProps) {
  const { name, kind } = node;
  const router = kind === "router" ? state.routers[name] : undefined;
  const host = state.devices[name] ?? state.vms?.[name];
  const bridge = kind === "bridge" ? state.bridges?.[name] : undefined;
  const region = kind === "region"
    ? Object.values(state.regions).find((each) => each.node === name)
    : undefined;
  const vm = state.vms?.[name];
  const interfaces = router?.interfaces ?? host?.interfaces ?? [];
  const programs = Object.entries(state.running).filter(([, each]) => each.node === name);
  const faults = Object.entries(state.faults ?? {}).filter(([, { node, a, b }]) =>
    node === name || (region && (a === region.name || b === region.name))
  );
  const hasLog = run.files.some(({ path }) => path.startsWith(`nodes/${name}/`));
  const hasCapture = run.files.some(({ path }) => path.startsWith(`captures/${name}-`));
  const mappings = run.counters.mappingsAt(name, ms);
  return (
    <aside class="side" aria-label={`Node ${node.title}`}>
      <div class="side-head">
        <Icon kind={kind} size={18} />
        <h2>{node.title}</h2>
        <span class="quiet">{kind === "vm" ? "virtual machine" : kind}</span>
        <button type="button" class="close" onClick={onClose} aria-label="Close">×</button>
      </div>
      <div class="links">
        <a class="button" href={viewHash(run.id, "events", { node: name })}>Events</a>
        {hasCapture && (
          <a class="button" href={viewHash(run.id, "packets", { node: name })}>Packets</a>
        )}
        {hasLog && <a class="button" href={viewHash(run.id, "logs", { node: name })}>Logs</a>}
      </div>
      {faults.length > 0 && (
        <Section title="Faults">
          {faults.map(([id, { kind, ...fields }]) => (
            <p class="problem" key={id}>
              <b>{String(kind)}</b> {id} <span class="quiet">{summary(fields)}</span>
            </p>
          ))}
        </Section>
      )}
      {vm && (
        <Section title="Machine">
          <Facts
            facts={[
              ["State", vm.state],
              ["Profile", vm.profile],
              ["Memory", `${Math.round(vm.memoryBytes / 2 ** 20)} MiB`],
              ["Processors", String(vm.cpus)],
            ]}
          />
        </Section>
      )}
      {region && (
        <Section title="Addresses">
          <Facts
            facts={[["IPv4", `${region.cidr}, ${region.ip}`], [
              "IPv6",
              `${region.cidr6}, ${region.ip6}`,
            ]]}
          />
        </Section>
      )}
      {interfaces.length > 0 && (
        <Section title="Interfaces">
          {interfaces.map((iface) => (
            <Interface
              key={iface.name}
              run={run}
              node={name}
              iface={iface}
              ms={ms}
              isDefault={host?.defaultInterface === iface.name && interfaces.length > 1}
            />
          ))}
        </Section>
      )}
      {router && (
        <Routing
          router={router}
          mappings={mappings}
          dropped={run.counters.firewallDropsAt(name, ms)}
        />
      )}
      {bridge && (
        <Section title="Bridge">
          <Facts
            facts={[
              ["IPv4", `${bridge.cidr}, gateway ${bridge.gateway}`],
              ["IPv6", `${bridge.cidr6}, gateway ${bridge.gateway6}`],
              ["Routed to", bridge.rules?.routes?.join(", ")],
              ["Partitions", bridge.rules?.partitions && summary({ ...bridge.rules.partitions })],
              [
                "Impairments",
                bridge.rules?.impairments && summary({ ...bridge.rules.impairments }),
              ],
              ["Unplugged", bridge.rules?.disconnected?.join(", ")],
            ]}
          />
        </Section>
      )}
      <Names state={state} node={name} />
      {programs.length > 0 && (
        <Section title="Programs">
          {programs.map(([id, { argv }]) => (
            <p class="mono program" key={id}>
              <span class="quiet">{id}</span> {commandText(argv)}
            </p>
          ))}
        </Section>
      )}
    </aside>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="side-section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Facts({ facts }: { facts: [string, string | undefined | null | false][] }) {
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value).map(([name, value]) => (
        <>
          <dt key={name}>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

interface InterfaceProps {
  run: RunModel;
  node: string;
  iface: InterfaceState;
  ms: number;
  isDefault: boolean;
}

function Interface({ run, node, iface, ms, isDefault }: InterfaceProps) {
  const { name, ip, prefix, ip6, prefix6, linkLocal6, addresses = [], mac, mtu, gateway } = iface;
  const key = `${node}/${name}`;
  const rate = run.counters.rateAt(key, ms);
  const broken = Object.entries(iface.brokenFamilies ?? {}).map(([family, how]) =>
    `${family} (${how})`
  );
  return (
    <div class={`iface ${iface.up === false ? "down" : ""}`}>
      <div class="iface-head">
        <b class="mono">{name}</b>
        {gateway && <span class="quiet">at {gateway}</span>}
        {isDefault && <span class="tag">default</span>}
        {iface.up === false && <span class="tag bad">down</span>}
      </div>
      <Facts
        facts={[
          ["IPv4", ip && `${ip}/${prefix}`],
          ["IPv6", ip6 && `${ip6}/${prefix6}`],
          ["Link-local", linkLocal6],
          ["Also", addresses.map((each) => `${each.ip}/${each.prefix}`).join(", ")],
          ["MAC", mac],
          ["MTU", mtu === undefined ? null : String(mtu)],
          ["Condition", iface.condition !== undefined && conditionText(iface.condition)],
          ["Broken", broken.join(", ")],
        ]}
      />
      {rate && (
        <>
          <p class="rates num">
            <span>↓ {bitsText(rate.rxBits)}</span>
            <span>↑ {bitsText(rate.txBits)}</span>
            {rate.dropped > 0 && <span class="bad">{rate.dropped} dropped</span>}
          </p>
          <p class="rates num">
            <span class="quiet">{sizeText(rate.totals.rxBytes)} in</span>
            <span class="quiet">{sizeText(rate.totals.txBytes)} out</span>
            {rate.totals.dropped > 0 && (
              <span class="quiet">{rate.totals.dropped.toLocaleString("en-US")} dropped</span>
            )}
          </p>
          <RateChart samples={run.counters.rates(key)} ms={ms} />
        </>
      )}
    </div>
  );
}

interface RoutingProps {
  router: RouterState;
  /** Counters at that moment. */
  mappings: number | undefined;
  dropped: number | undefined;
}

function Routing({ router, mappings, dropped }: RoutingProps) {
  const { nat, natV6, firewall, routerAdvertisement: ra } = router;
  return (
    <>
      <Section title={`NAT: ${modeText(nat)}`}>
        {natWords(nat).map((words) => <p key={words}>{words}</p>)}
        {natV6 !== "none" && <p>{natV6Words(natV6)}</p>}
        {mappings !== undefined && <p class="num">{countText(mappings, "mapping")} now.</p>}
      </Section>
      <Section title={`Firewall: ${modeText(firewall)}`}>
        {firewallWords(firewall).map((words) => <p key={words}>{words}</p>)}
        {dropped !== undefined && dropped > 0 && (
          <p class="num">{countText(dropped, "packet")} dropped so far.</p>
        )}
        {router.blockIcmpFragNeeded && (
          <p class="problem">It reports no packet as too big: a path-MTU black hole.</p>
        )}
        {Object.entries(router.brokenFamilies ?? {}).map(([family, how]) => (
          <p class="problem" key={family}>{`${family} is not forwarded (${how}).`}</p>
        ))}
      </Section>
      <Section title="LAN">
        <Facts
          facts={[
            ["Preset", router.preset],
            ["Uplink", [router.uplinkIp, router.uplinkIp6].filter(Boolean).join(", ")],
            ["IPv4", [router.downstreamCidr, router.downstreamGateway].filter(Boolean).join(", ")],
            [
              "IPv6",
              [router.downstreamCidr6, router.downstreamGateway6].filter(Boolean).join(", "),
            ],
            ["Delegated", router.delegatedPrefix],
            ["External IPv6", router.externalCidr6],
            [
              "Downlink",
              router.downlinkCondition !== undefined &&
              conditionText(router.downlinkCondition),
            ],
            ["RA", ra && (ra.enabled ? `every ${ra.intervalSecs} s` : "none")],
          ]}
        />
      </Section>
    </>
  );
}

/** The most names that are listed. */
const MOST_NAMES = 60;

function Names({ state, node }: { state: LabState; node: string }) {
  const own = Object.entries(state.dns.nodes[node] ?? {});
  const all = Object.entries(state.dns.lab);
  if (own.length + all.length === 0 && !state.nameserver) return null;
  const rows: [string, string][] = [
    ...state.nameserver ? [["Name server", state.nameserver] as [string, string]] : [],
    ...[...own, ...all].slice(0, MOST_NAMES).map(([name, ips]): [string, string] => [
      name,
      ips.join(", "),
    ]),
  ];
  return (
    <Section title="DNS">
      <Facts facts={rows} />
    </Section>
  );
}

function summary(fields: Record<string, unknown>): string {
  return Object.entries(fields).filter(([, value]) =>
    value !== 0 && value !== false && !(Array.isArray(value) && value.length === 0)
  ).map(([name, value]) =>
    `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`
  ).join(", ");
}
