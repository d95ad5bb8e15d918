// Where Grafana's grid puts a panel: 24 columns of cells 30 px high, 8 px apart.

import { Panel } from './dashboard';

export interface Box {
  panel: Panel;
  left: number;
  top: number;
  width: number;
  height: number;
}

const COLUMNS = 24;
const CELL = 30;
const GAP = 8;
const PHONE = 769;

export function layOut(panels: Panel[], width: number, viewport: number): Box[] {
  const ordered = [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  return viewport < PHONE ? stacked(ordered, width) : ordered.map((panel) => placed(panel, width));
}

export function bottom(boxes: Box[]): number {
  return Math.max(0, ...boxes.map(({ top, height }) => top + height));
}

function placed(panel: Panel, width: number): Box {
  const { x, y, w, h } = panel.gridPos;
  const column = (width - GAP * (COLUMNS - 1)) / COLUMNS;
  return {
    panel,
    left: x * (column + GAP),
    top: y * (CELL + GAP),
    width: w * column + (w - 1) * GAP,
    height: high(h),
  };
}

function stacked(panels: Panel[], width: number): Box[] {
  let top = 0;
  return panels.map((panel) => {
    const box = { panel, left: 0, top, width, height: high(panel.gridPos.h) };
    top += box.height + GAP;
    return box;
  });
}

function high(cells: number): number {
  return cells * CELL + (cells - 1) * GAP;
}
