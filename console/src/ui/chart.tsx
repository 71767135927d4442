/**
 * Lines or bars over time (uPlot). Follows the colour scheme and its box; says what it shows in words, and has
 * the numbers as a table for who cannot see it.
 */
import { VisuallyHidden } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { localText } from './clock';
import type { Tone } from './status';

export interface ChartSeries {
  label: string;
  tone: Tone;
  values: readonly (number | null)[];
  kind?: 'line' | 'bars';
  /** How a value is said: `(value) => formatUsd(…)`. */
  format?: (value: number) => string;
}

export interface ChartProps {
  /** What it shows, in a sentence. */
  label: string;
  /** Seconds since 1970, or ISO times; ascending. */
  at: readonly (number | string)[];
  series: readonly ChartSeries[];
  height?: number;
  /** Marked with a line and a label, such as a spike. */
  marks?: readonly { at: number | string; label: string; tone?: Tone }[];
}

export default function Chart({ label, at, series, height = 160, marks = [] }: ChartProps) {
  const { ref, width } = useElementSize();
  const plot = useRef<uPlot | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  const times = at.map(seconds);
  const data = [times, ...series.map(({ values }) => [...values])] as uPlot.AlignedData;
  const shape = series.map(({ label: name, tone, kind }) => `${name}|${tone}|${kind}`).join();
  const latest = useRef({ data, series, marks });
  latest.current = { data, series, marks };

  // biome-ignore lint/correctness/useExhaustiveDependencies: built anew for another shape or scheme only
  useEffect(() => {
    if (!box.current || width === 0) return undefined;
    const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis: uPlot.Axis = {
      stroke: color('--mantine-color-dimmed'),
      font: '11px system-ui, sans-serif',
      grid: { stroke: color('--bw-line'), width: 1 },
      ticks: { show: false },
    };
    const first = latest.current.series[0];
    const made = new uPlot(
      {
        width,
        height,
        // The last label of the time axis needs room to the right.
        padding: [8, 14, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
        scales: {
          x: { range: (chart, min, max) => [min - halfBar(chart, first), max + halfBar(chart, first)] },
          y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
        },
        axes: [
          {
            ...axis,
            size: 24,
            grid: { show: false },
            values: (_, ticks, __, ___, step) => ticks.map((tick) => tickText(tick, step)),
          },
          {
            ...axis,
            size: 52,
            space: 34,
            values: (_, ticks) => ticks.map((tick) => first?.format?.(tick) ?? tick.toLocaleString('en')),
          },
        ],
        series: [
          {},
          ...latest.current.series.map(({ label: name, tone, kind }): uPlot.Series => {
            const stroke = color(`--bw-${tone}-mark`);
            if (kind !== 'bars') return { label: name, stroke, width: 1.5, points: { show: false } };
            return {
              label: name,
              stroke,
              fill: stroke,
              width: 0,
              paths: uPlot.paths.bars?.({ size: [0.7, 24] }),
              points: { show: false },
            };
          }),
        ],
        hooks: {
          draw: [(chart) => drawMarks(chart, latest.current.marks, color)],
          setCursor: [(chart) => tell(chart, latest.current.series, tip.current)],
        },
      },
      latest.current.data,
      box.current,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [shape, scheme, height, width === 0]);

  useEffect(() => {
    plot.current?.setSize({ width, height });
  }, [width, height]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `data` is made anew on every render; its text is not
  useEffect(() => {
    plot.current?.setData(latest.current.data);
  }, [JSON.stringify(data), JSON.stringify(marks)]);

  const tip = useRef<HTMLSpanElement>(null);
  return (
    <figure className="bw-chart" ref={ref}>
      <div ref={box} role="img" aria-label={label} style={{ height }} />
      <div className="bw-chart-foot" aria-hidden>
        <span className="bw-legend">
          {series.map(({ label: name, tone }) => (
            <span key={name}>
              <i data-tone={tone} /> {name}
            </span>
          ))}
        </span>
        <span className="bw-num" ref={tip} />
      </div>
      <VisuallyHidden>
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <th>Time</th>
              {series.map(({ label: name }) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times.map((time, index) => (
              <tr key={time}>
                <td>{localText(new Date(time * 1000))}</td>
                {series.map(({ label: name, values, format }) => {
                  const value = values[index];
                  return (
                    <td key={name}>
                      {value === null || value === undefined ? '–' : (format?.(value) ?? value)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </figure>
  );
}

function seconds(at: number | string): number {
  return typeof at === 'number' ? at : new Date(at).getTime() / 1000;
}

/** `14:05`; `11-23` when the ticks are days apart. */
function tickText(tick: number, stepS: number): string {
  const text = localText(new Date(tick * 1000));
  return stepS >= 86_400 ? text.slice(5, 10) : text.slice(11, 16);
}

/** A bar stands around its time: the first and the last one need room beside it. */
function halfBar(chart: uPlot, series: ChartSeries | undefined): number {
  const [first, second] = chart.data[0];
  return series?.kind === 'bars' && first !== undefined && second !== undefined ? (second - first) / 2 : 0;
}

function drawMarks(
  chart: uPlot,
  marks: NonNullable<ChartProps['marks']>,
  color: (name: string) => string,
): void {
  const { ctx } = chart;
  for (const mark of marks) {
    const x = Math.round(chart.valToPos(seconds(mark.at), 'x', true));
    if (x < chart.bbox.left || x > chart.bbox.left + chart.bbox.width) continue;
    ctx.save();
    ctx.strokeStyle = color(`--bw-${mark.tone ?? 'warn'}-mark`);
    ctx.fillStyle = color(`--bw-${mark.tone ?? 'warn'}`);
    ctx.setLineDash([4, 3]);
    ctx.beginPath();
    ctx.moveTo(x, chart.bbox.top);
    ctx.lineTo(x, chart.bbox.top + chart.bbox.height);
    ctx.stroke();
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    const right = x > chart.bbox.left + chart.bbox.width * 0.75;
    ctx.textAlign = right ? 'right' : 'left';
    ctx.fillText(mark.label, x + (right ? -5 : 5) * devicePixelRatio, chart.bbox.top + 10 * devicePixelRatio);
    ctx.restore();
  }
}

function tell(chart: uPlot, series: readonly ChartSeries[], tip: HTMLElement | null): void {
  if (!tip) return;
  const { idx, left } = chart.cursor;
  const time = idx === null || idx === undefined ? undefined : chart.data[0][idx];
  if (time === undefined || left === undefined || left < 0) {
    tip.textContent = '';
    return;
  }
  const said = series.map(({ label, values, format }) => {
    const value = values[idx as number];
    return `${label} ${value === null || value === undefined ? '–' : (format?.(value) ?? value.toLocaleString('en'))}`;
  });
  tip.textContent = `${localText(new Date(time * 1000))}  ·  ${said.join('  ·  ')}`;
}
