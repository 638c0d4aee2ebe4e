// Runs a picture's operations on a canvas. The numbers are those of `ops.rs`.

const styles = new Map();

function css(color) {
  let style = styles.get(color);
  if (style === undefined) {
    style = "#" + (color >>> 0).toString(16).padStart(8, "0");
    if (styles.size > 4096) styles.clear();
    styles.set(color, style);
  }
  return style;
}

const ALIGN = ["left", "center", "right"];
const RISE = [0.95, 0.36, -0.21];

export function run(c, b, text, family) {
  const labels = text.split("\n");
  const end = b.length;
  let label = 0, font = "", clipped = false, half = 0;
  c.clearRect(0, 0, c.canvas.width, c.canvas.height);
  let i = 0;
  while (i < end) {
    switch (b[i++]) {
      case 1: { // stroke style: colour, width
        c.strokeStyle = css(b[i]);
        const width = b[i + 1];
        c.lineWidth = width;
        // Odd widths stand on the middle of pixels.
        half = (width & 1) / 2;
        c.lineJoin = width > 2 ? "round" : "bevel";
        i += 2;
        break;
      }
      case 2: // fill style: colour
        c.fillStyle = css(b[i++]);
        break;
      case 3: { // path: number of points, points
        const stop = i + 1 + 2 * b[i];
        i++;
        c.beginPath();
        c.moveTo(b[i] + half, b[i + 1] + half);
        for (i += 2; i < stop; i += 2) c.lineTo(b[i] + half, b[i + 1] + half);
        c.stroke();
        break;
      }
      case 4: // filled rectangle: x, y, width, height
        c.fillRect(b[i], b[i + 1], b[i + 2], b[i + 3]);
        i += 4;
        break;
      case 5: // outlined rectangle
        c.strokeRect(b[i] + half, b[i + 1] + half, b[i + 2], b[i + 3]);
        i += 4;
        break;
      case 6: // polygon: number of points, points
        i = polygon(c, b, i);
        c.fill();
        break;
      case 7: // disc: x, y, radius
        c.beginPath();
        c.arc(b[i], b[i + 1], b[i + 2], 0, 2 * Math.PI);
        c.fill();
        i += 3;
        break;
      case 8: // circle
        c.beginPath();
        c.arc(b[i], b[i + 1], b[i + 2], 0, 2 * Math.PI);
        c.stroke();
        i += 3;
        break;
      case 9: // clip: x, y, width, height
        if (clipped) c.restore();
        c.save();
        clipped = true;
        c.beginPath();
        c.rect(b[i], b[i + 1], b[i + 2], b[i + 3]);
        c.clip();
        i += 4;
        break;
      case 10: // end of clip
        if (clipped) c.restore();
        clipped = false;
        break;
      case 11: { // dash: number of lengths, lengths
        const stop = i + 1 + b[i];
        c.setLineDash(Array.from(b.subarray(i + 1, stop)));
        i = stop;
        break;
      }
      case 12: { // gradient: y, colour, y, colour, polygon
        const gradient = c.createLinearGradient(0, b[i], 0, b[i + 2] === b[i] ? b[i] + 1 : b[i + 2]);
        gradient.addColorStop(0, css(b[i + 1]));
        gradient.addColorStop(1, css(b[i + 3]));
        c.fillStyle = gradient;
        i = polygon(c, b, i + 4);
        c.fill();
        break;
      }
      case 13: // arc: x, y, radius, from and to in 1/10000 radian
        c.beginPath();
        c.arc(b[i], b[i + 1], b[i + 2], b[i + 3] / 1e4, b[i + 4] / 1e4);
        c.stroke();
        i += 5;
        break;
      case 14: { // label: size, weight, x, y, anchors
        const wanted = b[i + 1] + " " + b[i] + "px " + family;
        if (wanted !== font) {
          font = wanted;
          c.font = font;
          c.textBaseline = "alphabetic";
        }
        c.textAlign = ALIGN[b[i + 4] & 3];
        c.fillText(labels[label++], b[i + 2], b[i + 3] + RISE[b[i + 4] >> 2] * b[i]);
        i += 5;
        break;
      }
      default: // A number that is none of these: this file is of another build.
        throw new Error("canvas operation " + b[i - 1] + " is not known");
    }
  }
  if (clipped) c.restore();
}

function polygon(c, b, i) {
  const stop = i + 1 + 2 * b[i];
  i++;
  c.beginPath();
  c.moveTo(b[i], b[i + 1]);
  for (i += 2; i < stop; i += 2) c.lineTo(b[i], b[i + 1]);
  return i;
}

let ruler;

export function width(family, weight, text) {
  if (!ruler) {
    // In the document, because a canvas inherits font features (figures of equal width) from the page.
    const canvas = document.createElement("canvas");
    canvas.hidden = true;
    document.body.append(canvas);
    ruler = canvas.getContext("2d");
  }
  ruler.font = weight + " 100px " + family;
  return ruler.measureText(text).width * 10;
}

export function advances(family, weight) {
  const all = new Float64Array(95);
  for (let i = 0; i < 95; i++) all[i] = width(family, weight, String.fromCharCode(32 + i));
  return all;
}
