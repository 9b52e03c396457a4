import { bitsText } from "../../model/counters.ts";
import type { LinkNumbers, LinkResult } from "../../model/link_results.ts";

const COLUMNS: readonly [title: string, text: (numbers: Partial<LinkNumbers>) => string][] = [
  ["Delay", ({ delayMs }) => text(delayMs, (ms) => `${round(ms)} ms`)],
  ["Loss", ({ lossPct }) => text(lossPct, (pct) => `${round(pct)} %`)],
  ["Rate", ({ rateBits }) => text(rateBits, bitsText)],
];

/** The links of a run: what was requested of each direction, and beside it what it did. */
export function LinkTable({ rows }: { rows: LinkResult[] }) {
  if (rows.length === 0) return null;
  return (
    <section class="links">
      <div class="page-head">
        <h2>Links</h2>
        <p class="quiet">what was requested, and what was achieved since</p>
      </div>
      <div class="table-box">
        <table>
          <thead>
            <tr>
              <th>Link</th>
              <th>Direction</th>
              {COLUMNS.map(([title]) => [
                <th key={title} class="num">{title}</th>,
                <th key={`${title} achieved`} class="num unit">achieved</th>,
              ])}
              <th class="num">Packets</th>
              <th class="num">Dropped</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.link} ${row.direction}`} data-link={`${row.link} ${row.direction}`}>
                <td>{row.link.replace("/", " ")}</td>
                <td class="quiet">{row.direction}</td>
                {COLUMNS.map(([title, text]) => [
                  <td key={title} class="num quiet">{asked(row.asked, text)}</td>,
                  <td key={`${title} achieved`} class="num">{text(row.achieved)}</td>,
                ])}
                <td class="num">{row.packets.toLocaleString("en-US")}</td>
                <td class="num">{row.dropped.toLocaleString("en-US")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** What was not requested is not shown as 0. */
function asked(numbers: LinkNumbers, text: (numbers: Partial<LinkNumbers>) => string): string {
  const given = Object.entries(numbers).filter(([, value]) => value > 0);
  return text(Object.fromEntries(given));
}

function text(value: number | undefined, say: (value: number) => string): string {
  return value === undefined ? "–" : say(value);
}

function round(value: number): string {
  return String(Number(value.toFixed(value < 10 ? 2 : 1)));
}
