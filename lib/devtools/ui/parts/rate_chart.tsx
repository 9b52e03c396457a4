import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { bitsText, type RateSample } from "../../model/counters.ts";
import { cssColor, useTheme } from "./theme.ts";

const HEIGHT = 72;

/** The rates of an interface over the run, with the moment marked. */
export function RateChart({ samples, ms }: { samples: readonly RateSample[]; ms: number }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const moment = useRef(ms);
  moment.current = ms;
  const theme = useTheme();
  useEffect(() => {
    const element = box.current!;
    const axis = {
      stroke: cssColor("--muted"),
      font: `10px ${getComputedStyle(element).fontFamily}`,
      ticks: { show: false },
      grid: { stroke: cssColor("--line"), width: 1 },
    };
    const line = (color: string) => ({
      stroke: cssColor(color),
      width: 1.5,
      points: { show: false },
      paths: uPlot.paths.stepped!({ align: -1 }),
    });
    plot.current = new uPlot(
      {
        width: element.clientWidth || 260,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false },
          y: { range: (_, __, most) => [0, Math.max(1_000, most * 1.1)] },
        },
        axes: [
          { ...axis, show: false },
          { ...axis, size: 62, space: 26, values: (_, values) => values.map(bitsText) },
        ],
        series: [{}, line("--series-1"), line("--series-2")],
        hooks: {
          draw: [(plot: uPlot) => {
            const x = plot.valToPos(moment.current, "x", true);
            const { left, top, width, height } = plot.bbox;
            if (x < left || x > left + width) return;
            plot.ctx.fillStyle = cssColor("--text");
            plot.ctx.fillRect(x, top, 1, height);
          }],
        },
      },
      dataOf(samples),
      element,
    );
    return () => plot.current?.destroy();
  }, [theme, samples]);
  useEffect(() => plot.current?.setData(dataOf(samples)), [samples.length]);
  useEffect(() => plot.current?.redraw(false), [ms]);
  return <div class="rate-chart" ref={box} role="img" aria-label="Rates over the run" />;
}

function dataOf(samples: readonly RateSample[]): uPlot.AlignedData {
  return [
    samples.map(({ ms }) => ms),
    samples.map(({ rxBits }) => rxBits),
    samples.map(({ txBits }) => txBits),
  ];
}
