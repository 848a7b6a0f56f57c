// SPDX-License-Identifier: BSD-2-Clause
// Files of messages: which kinds there are, and how they are shown once they are sent.
import {button, element, visible} from "./elements.js";
import {icon} from "./icons.js";
import {region, t} from "./words.js";

const PICTURES = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);
const TEXTS = /^text\/|[/+](json|xml|yaml|toml|csv|javascript|x-sh|x-yaml|x-ndjson)$/;

export const isPicture = type => PICTURES.has(type);

/** May a file of this kind be sent? One whose kind the browser does not know is for the server to look at. */
export function kindTaken({type}, kinds) {
  if (!kinds || !type) return true;
  const wanted = TEXTS.test(type) ? [type, "text/plain"] : [type];
  return wanted.some(w => kinds.some(kind => kind === w || kind.endsWith("/*") && w.startsWith(kind.slice(0, -1))));
}

/** Bytes as people say them. */
export function sizeText(bytes) {
  const [unit, by] = bytes >= 1e6 ? ["megabyte", 1e6] : bytes >= 1000 ? ["kilobyte", 1000] : ["byte", 1];
  return (bytes / by).toLocaleString(region(), {style: "unit", unit, unitDisplay: "short", maximumFractionDigits: bytes >= 1e6 && bytes < 1e7 ? 1 : 0});
}

/** A Blob is offered for saving. */
function save(blob, name) {
  const link = element("a"), url = URL.createObjectURL(blob);
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000); // the browser reads it when it likes
}

/** A picture is read when it comes into view, so that a long conversation loads no more than what is looked at. */
function whenSeen(target, act) {
  const seen = new IntersectionObserver(entries => {
    if (!entries.some(e => e.isIntersecting)) return;
    seen.disconnect();
    act();
  });
  seen.observe(target);
}

/**
 * A file of a message: {id, name, mimeType, bytes, width, height}. load(id): its bytes, as a promise of a Blob. A picture is shown
 * small; anything is saved by a click.
 */
export function fileView({id, name, mimeType = "", bytes, width, height}, {load, fail}) {
  const shown = visible(name || t("file")), item = element("li", "file"), label = bytes ? t("{name}, {size}", {name: shown, size: sizeText(bytes)}) : shown;
  if (!id) {
    item.append(icon("clip"), element("span", "", shown));
    return item;
  }
  const act = button("", "quiet file-button", async () => {
    try {
      save(await load(id), name || "file");
    } catch (error) {
      fail(t("{name} could not be had: {why}", {name: shown, why: error.message}));
    }
  });
  act.setAttribute("aria-label", t("Save {file}", {file: label}));
  act.title = label;
  act.append(icon("clip"), element("span", "", shown));
  item.append(act);
  if (isPicture(mimeType)) whenSeen(item, () => showPicture(act, {id, load, shown, width, height}));
  return item;
}

async function showPicture(act, {id, load, shown, width, height}) {
  let url = "";
  try {
    const blob = await load(id), picture = element("img", "picture");
    if (!isPicture(blob.type)) return;
    url = URL.createObjectURL(blob);
    if (width && height) Object.assign(picture, {width, height});
    picture.alt = shown;
    picture.src = url;
    await picture.decode();
    act.querySelector("svg").replaceWith(picture);
  } catch { /* its name stands there */
  } finally {
    if (url) URL.revokeObjectURL(url);
  }
}
