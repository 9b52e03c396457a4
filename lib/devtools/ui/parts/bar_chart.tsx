import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { MatrixChart } from "../../model/results.ts";
import { numberText } from "../../model/results.ts";
import { cssColor, useTheme } from "./theme.ts";

const HEIGHT = 220;

/** Colours of series that are told apart by people who see colours differently (Okabe and Ito). */
const SERIES = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5"];

/** Bars: a group for each category, a colour for each series. */
export function BarChart({ chart, unit }: { chart: MatrixChart; unit: string }) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const { categories, series } = chart;
  const key = JSON.stringify([chart, unit, theme]);
  useEffect(() => {
    const element = box.current!;
    const width = () => Math.max(200, element.clientWidth);
    const count = Math.max(1, series.length);
    const axis = {
      stroke: cssColor("--muted"),
      font: `11px ${getComputedStyle(element).fontFamily}`,
      grid: { stroke: cssColor("--line"), width: 1 },
      ticks: { show: false },
    };
    const plot = new uPlot(
      {
        width: width(),
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: [-0.5, categories.length - 0.5] },
          y: { range: (_, __, most) => [0, most > 0 ? most * 1.12 : 1] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 32,
            splits: () => categories.map((_, i) => i),
            values: () => categories,
          },
          { ...axis, size: 56, values: (_, values) => values.map((each) => `${each}`) },
        ],
        series: [
          {},
          ...series.map(({ name }, i) => ({
            label: name,
            fill: cssColor(SERIES[i % SERIES.length]),
            stroke: "transparent",
            points: { show: false },
            paths: barPaths(i, count),
          })),
        ],
        hooks: { draw: [(plot: uPlot) => drawValues(plot, chart, unit, cssColor("--text"))] },
      },
      [categories.map((_, i) => i), ...series.map(({ values }) => values)],
      element,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: width(), height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [key]);
  return (
    <figure class="chart">
      <div ref={box} role="img" aria-label={`Bars of ${categories.join(", ")}`} />
      {series.length > 1 && (
        <figcaption>
          {series.map(({ name }, i) => (
            <span key={name} class={`legend series-${i % SERIES.length + 1}`}>{name || "–"}</span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}

/** The width of a bar, and where the middle of a bar of a series is, in units of the x axis. */
function placeOf(series: number, count: number): { width: number; shift: number } {
  const width = Math.min(0.34, 0.72 / count);
  return { width, shift: (series - (count - 1) / 2) * width * 1.08 };
}

function barPaths(series: number, count: number): uPlot.Series.PathBuilder {
  const { width, shift } = placeOf(series, count);
  return (plot, index) => {
    const path = new Path2D();
    const zero = plot.valToPos(0, "y", true);
    plot.data[index].forEach((value, i) => {
      if (value === null || value === undefined) return;
      const left = plot.valToPos(i + shift - width / 2, "x", true);
      const right = plot.valToPos(i + shift + width / 2, "x", true);
      const top = plot.valToPos(value, "y", true);
      path.roundRect(left, top, right - left, zero - top, [3, 3, 0, 0]);
    });
    return { fill: path, stroke: null } as unknown as uPlot.Series.Paths;
  };
}

function drawValues(plot: uPlot, { series }: MatrixChart, unit: string, color: string): void {
  const { ctx } = plot;
  ctx.save();
  ctx.fillStyle = color;
  ctx.textAlign = "center";
  ctx.font = `${11 * devicePixelRatio}px ${getComputedStyle(plot.root).fontFamily}`;
  series.forEach(({ values }, s) => {
    const { shift } = placeOf(s, series.length);
    values.forEach((value, i) => {
      if (value === null) return;
      const text = numberText(value, unit);
      ctx.fillText(
        text,
        plot.valToPos(i + shift, "x", true),
        plot.valToPos(value, "y", true) - 5 * devicePixelRatio,
      );
    });
  });
  ctx.restore();
}
