// What a person would see at once: text that runs out of the page, is cut off, or has too little contrast.

/** Whether one must scroll sideways. */
export async function overflow(page) {
  const [width, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  return width > screen ? [`${width} wide on ${screen}`] : [];
}

/** Text beyond the right edge that no scrolling reaches. */
export function clipped(page) {
  return page.evaluate(() => {
    const found = [];
    const scrolls = (element) => element && (['auto', 'scroll'].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    for (const element of document.querySelectorAll('main *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own || element.closest('.hide, title, [hidden]') || scrolls(element)) continue;
      const { right, width } = element.getBoundingClientRect();
      if (width > 0 && right > innerWidth + 1) found.push(`cut: ${element.className.baseVal ?? element.className} ${element.textContent.slice(0, 60)}`);
    }
    return found;
  });
}

/** Text whose contrast is below what WCAG asks for at level AA. */
export function contrast(page) {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const known = new Map();
    const channels = (color) => {
      if (!known.has(color)) known.set(color, painted(color));
      return known.get(color);
    };
    const painted = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([red, green, blue]) => {
      const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
      return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
    };
    const ground = (element) => {
      const color = channels(getComputedStyle(element).backgroundColor);
      return color[3] === 255 ? color : ground(element.parentElement);
    };
    const found = new Set();
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own || element.closest('script, style, title, .hide') || element.getClientRects().length === 0) continue;
      const style = getComputedStyle(element);
      const color = channels(element instanceof SVGElement ? style.fill : style.color);
      const [light, dark] = [luminance(color), luminance(ground(element))].sort((one, other) => other - one);
      const size = parseFloat(style.fontSize);
      const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
      const ratio = (light + 0.05) / (dark + 0.05);
      if (ratio < least) found.add(`contrast ${ratio.toFixed(2)}: ${element.tagName} ${element.getAttribute('class')} in ${element.parentElement.className}`);
    }
    return [...found];
  });
}
