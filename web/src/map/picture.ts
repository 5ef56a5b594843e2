import { themeColour } from "../dom.ts";
import type { MapView } from "./map.ts";
import { classLabels, type Scale } from "./scale.ts";

/** The texts of a picture, besides the map. */
export interface Caption {
  title: string;
  figure: string;
  about: string;
  scale: Scale | undefined;
}

const FONT = "system-ui, sans-serif";

/** A PNG of the map as it is, with the figure and the legend. */
export async function pictureOf(view: MapView, { title, figure, about, scale }: Caption): Promise<Blob> {
  const canvas = await view.picture();
  const context = canvas.getContext("2d");
  if (!context) throw new Error("The browser draws no pictures.");
  const unit = devicePixelRatio;
  const [surface, text, soft] = ["surface", "text", "text-soft"].map(themeColour);
  const line = (words: string, x: number, y: number, size: number, weight: number, colour = text ?? "") => {
    context.font = `${weight} ${size * unit}px ${FONT}`;
    context.fillStyle = colour;
    context.fillText(words, x, y);
  };
  const box = (x: number, y: number, width: number, height: number) => {
    context.fillStyle = surface ?? "";
    context.globalAlpha = 0.94;
    context.beginPath();
    context.roundRect(x, y, width, height, 8 * unit);
    context.fill();
    context.globalAlpha = 1;
  };
  const margin = 16 * unit;
  context.font = `${400} ${12 * unit}px ${FONT}`;
  const width = Math.max(260 * unit, context.measureText(about).width + 2 * margin);
  box(margin, margin, width, 84 * unit);
  line(title, 2 * margin, margin + 24 * unit, 13, 600, soft);
  line(figure, 2 * margin, margin + 48 * unit, 20, 650);
  line(about, 2 * margin, margin + 68 * unit, 12, 400, soft);
  if (scale) {
    const labels = classLabels(scale).reverse();
    const height = (34 + labels.length * 18) * unit;
    const [x, y] = [canvas.width - margin - 180 * unit, canvas.height - 2 * margin - height];
    box(x, y, 180 * unit, height);
    line(scale.title, x + 12 * unit, y + 20 * unit, 12, 600);
    for (const [i, label] of labels.entries()) {
      const top = y + (30 + i * 18) * unit;
      context.fillStyle = scale.colours[labels.length - 1 - i] ?? "";
      context.fillRect(x + 12 * unit, top, 14 * unit, 12 * unit);
      line(label, x + 34 * unit, top + 10.5 * unit, 12, 400);
    }
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser made no picture."))), "image/png");
  });
}
