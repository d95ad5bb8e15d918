// Stat and bar gauge: the last value, or another reduction, of each series.

import { FieldDisplay, VizOrientation, getDisplayValueAlignmentFactors, getFieldDisplayValues } from '@grafana/data';
import {
  BarGauge,
  BarGaugeDisplayMode,
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  VizRepeater,
} from '@grafana/ui';

import { withDefaults } from '../fields';
import { PanelProps } from './props';

const REDUCE = { calcs: ['lastNotNull'], values: false };

export function Stat(props: PanelProps) {
  const { panel, data, width, height, theme, timeRange } = props;
  const options = panel.options ?? {};
  return (
    <VizRepeater<FieldDisplay, ReturnType<typeof getDisplayValueAlignmentFactors>>
      getValues={() => values(props, (options.graphMode ?? 'area') !== 'none')}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, alignmentFactors, count, ...size }) => (
        <BigValue
          {...size}
          theme={theme}
          value={value.display}
          count={count}
          sparkline={value.sparkline && { ...value.sparkline, timeRange }}
          colorMode={options.colorMode ?? BigValueColorMode.Value}
          graphMode={options.graphMode ?? BigValueGraphMode.Area}
          justifyMode={options.justifyMode ?? BigValueJustifyMode.Auto}
          textMode={options.textMode ?? BigValueTextMode.Auto}
          alignmentFactors={count > 1 ? alignmentFactors : undefined}
          text={options.text}
          disableWideLayout={options.wideLayout === false}
        />
      )}
      source={data}
      itemSpacing={3}
      renderCounter={0}
      autoGrid
      orientation={options.orientation ?? VizOrientation.Auto}
      width={width}
      height={height}
    />
  );
}

export function Bars(props: PanelProps) {
  const { panel, data, width, height, theme } = props;
  const options = panel.options ?? {};
  return (
    <VizRepeater<FieldDisplay, ReturnType<typeof getDisplayValueAlignmentFactors>>
      getValues={() => values(props, false)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, alignmentFactors, count, orientation, ...size }) => (
        <BarGauge
          {...size}
          theme={theme}
          value={count === 1 && !value.display.title ? { ...value.display, title: undefined } : value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
          orientation={orientation}
          text={options.text}
          itemSpacing={10}
          lcdCellWidth={12}
          displayMode={options.displayMode ?? BarGaugeDisplayMode.Gradient}
          showUnfilled={options.showUnfilled ?? true}
          valueDisplayMode={options.valueMode}
          namePlacement={options.namePlacement}
          alignmentFactors={alignmentFactors}
        />
      )}
      source={data}
      itemSpacing={10}
      renderCounter={0}
      orientation={options.orientation ?? VizOrientation.Auto}
      minVizWidth={options.minVizWidth}
      minVizHeight={options.minVizHeight}
      maxVizHeight={options.maxVizHeight ?? 300}
      width={width}
      height={height}
    />
  );
}

function values({ panel, data, theme }: PanelProps, sparkline: boolean): FieldDisplay[] {
  return getFieldDisplayValues({
    data,
    fieldConfig: withDefaults(panel),
    reduceOptions: { ...REDUCE, ...panel.options?.reduceOptions },
    replaceVariables: (text) => text,
    theme,
    timeZone: 'utc',
    sparkline,
  });
}
